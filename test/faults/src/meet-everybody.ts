import { z } from 'zod'
import type { History } from './history/history.js'
import { ask } from './load/ask.js'
import { logIn } from './load/log-in.js'
import type { People } from './load/people.js'
import type { World } from './world/world.js'

/** Before anything breaks: everybody signs in once, and learns what the system calls them. */
export async function meetEverybody({
  world,
  history,
  people,
}: {
  world: World
  history: History
  people: People
}): Promise<Map<string, string>> {
  const ids = new Map<string, string>()
  for (const user of people.users) {
    const { session } = await logIn({ history, identity: world.identity, people }, user)
    if (session === null) throw new Error(`${user} could not sign in, before anything was broken`)
    const asked = { id: history.nextId('meet'), path: '/auth/session', cookie: session.cookie }
    const { body } = await ask(history, world.identity, asked)
    ids.set(user, Who.parse(body).user.id)
  }
  return ids
}

const Who = z.object({ user: z.object({ id: z.string() }) })
