import { join } from 'node:path'
import { boundMs } from '@curfew/contract'
import { createHistory, type History } from './history/history.js'
import { putUnderLoad } from './load/load.js'
import { createPeople } from './load/people.js'
import { meetEverybody } from './meet-everybody.js'
import { faultsOf } from './nemesis/faults-of.js'
import { torment } from './nemesis/nemesis.js'
import { createRandom } from './random.js'
import { settle } from './settle.js'
import type { Clocks } from './world/clocks.js'
import { type RedisWorld, startRedisOf } from './world/redis-world.js'
import { startWorld } from './world/world.js'

/** Short, so that leases end often; but not before a failover is over. Milliseconds. */
export const LEASE_MS = { single: 900, sentinel: 6_000 } as const

/** Between two faults, at the most: after a failover there is to be something to break. Milliseconds. */
const CALM_MS = { single: 1_200, sentinel: 3_000 } as const

export interface RunOptions {
  readonly seed: number
  readonly profile: RedisWorld['profile']
  readonly forMs: number
  /** Where the history and the processes' logs go. */
  readonly folder: string
  readonly services?: number
  readonly identities?: number
  /** Given, wall clocks are set too. */
  readonly clocks?: Clocks
  /** Told every few seconds how it goes. */
  readonly onProgress?: (history: History) => void
}

const USERS = ['ada', 'grace', 'edsger', 'barbara', 'alan', 'radia']
const ADMIN = 'admin-root'

/** One random run: a world, a load, and what goes wrong in it. Resolves with everything that was seen. */
export async function run(options: RunOptions): Promise<History> {
  const { seed, profile, forMs, folder, services = 3, identities = 1, onProgress = () => undefined } = options
  const random = createRandom(seed)
  const leaseMs = LEASE_MS[profile]
  await using redis = await startRedisOf(profile)
  await using world = await startWorld({
    redis,
    leaseMs,
    services,
    identities,
    logsDir: join(folder, 'logs'),
    ...(options.clocks ? { clocks: options.clocks } : {}),
  })
  const history = createHistory(join(folder, 'history.jsonl'))
  history.record({ op: 'setup', promisedBoundMs: boundMs(leaseMs) })
  const people = createPeople([...USERS, ADMIN])
  const userIds = await meetEverybody({ world, history, people })
  const over = AbortSignal.timeout(forMs)
  const progress = setInterval(onProgress, 5_000, history)
  await Promise.all([
    putUnderLoad({ world, history, people, userIds, admin: ADMIN, random: random.fork('load') }, over),
    torment(
      {
        world,
        history,
        random: random.fork('nemesis'),
        faults: faultsOf(world),
        atOnce: 2,
        calmMs: CALM_MS[profile],
      },
      over,
    ),
  ])
  await settle({ world, history, people, userIds })
  clearInterval(progress)
  await history.close()
  return history
}
