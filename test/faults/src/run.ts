import { join } from 'node:path'
import { z } from 'zod'
import { createHistory, type History } from './history/history.js'
import { ask } from './load/ask.js'
import { putUnderLoad } from './load/load.js'
import { logIn } from './load/log-in.js'
import { createPeople, type People } from './load/people.js'
import { faultsOf } from './nemesis/faults-of.js'
import { torment } from './nemesis/nemesis.js'
import { createRandom } from './random.js'
import { settle } from './settle.js'
import { startSingleRedis } from './world/redis-world.js'
import { startWorld, type World } from './world/world.js'

/** Short, so that leases end often. Milliseconds. */
export const LEASE_MS = 900

export interface RunOptions {
  readonly seed: number
  readonly forMs: number
  /** Where the history and the processes' logs go. */
  readonly folder: string
  readonly leaseMs?: number
  readonly services?: number
  /** Told about once a second how it goes. */
  readonly onProgress?: (history: History) => void
}

const USERS = ['ada', 'grace', 'edsger', 'barbara', 'alan', 'radia']
const ADMIN = 'admin-root'

/** One random run: a world, a load, and what goes wrong in it. Resolves with everything that was seen. */
export async function run(options: RunOptions): Promise<History> {
  const { seed, forMs, folder, leaseMs = LEASE_MS, services = 3, onProgress = () => undefined } = options
  const random = createRandom(seed)
  await using redis = await startSingleRedis()
  await using world = await startWorld({ redis, leaseMs, services, logsDir: join(folder, 'logs') })
  const history = createHistory(join(folder, 'history.jsonl'))
  const people = createPeople(USERS)

  const userIds = await meetEverybody({ world, history, people })
  const over = AbortSignal.timeout(forMs)
  const progress = setInterval(onProgress, 5_000, history)
  await Promise.all([
    putUnderLoad({ world, history, people, userIds, admin: ADMIN, random: random.fork('load') }, over),
    torment(
      { world, history, random: random.fork('nemesis'), faults: faultsOf(world), atOnce: 2, calmMs: 1_200 },
      over,
    ),
  ])
  await settle({ world, history, people, userIds })
  clearInterval(progress)
  await history.close()
  return history
}

/** Before anything breaks: everybody signs in once, and learns what the system calls them. */
async function meetEverybody({
  world,
  history,
  people,
}: {
  world: World
  history: History
  people: People
}): Promise<Map<string, string>> {
  const ids = new Map<string, string>()
  for (const user of [...USERS, ADMIN]) {
    const session = await logIn({ history, identity: world.identity, people }, user)
    if (session === null) throw new Error(`${user} could not sign in, before anything was broken`)
    const asked = { id: history.nextId('meet'), path: '/auth/session', cookie: session.cookie }
    const { body } = await ask(history, world.identity, asked)
    ids.set(user, Who.parse(body).user.id)
  }
  return ids
}

const Who = z.object({ user: z.object({ id: z.string() }) })
