import { z } from 'zod'
import type { RequestEntry } from '../history/entry.js'
import type { History } from '../history/history.js'
import type { Instance } from '../world/world.js'
import { ask } from './ask.js'
import type { KnownSession } from './people.js'

/** Asks an instance who is calling, under a session, and records what it said. */
export async function visit(
  history: History,
  instance: Instance,
  session: KnownSession,
  { path = instance.whoPath, final = false }: { path?: string; final?: boolean } = {},
): Promise<RequestEntry> {
  const id = history.nextId('request')
  const { body, location, ...answered } = await ask(history, instance, {
    id,
    path,
    cookie: session.cookie,
    isSafe: true,
  })
  const who = answered.status === 200 ? Who.parse(body) : null
  const entry: RequestEntry = {
    op: 'request',
    ...answered,
    session: session.name,
    instance: instance.name,
    path: path.replace(/\?.*/, ''),
    outcome: requestOutcome(answered.status),
    final,
    ...(who ? { answeredRef: who.ref ?? who.session?.ref ?? '' } : {}),
  }
  history.record(entry)
  return entry
}

export function requestOutcome(status: number): RequestEntry['outcome'] {
  switch (status) {
    case 200:
      return 'accepted'
    case 401:
      return 'refused'
    case 503:
      return 'unavailable'
    case 0:
      return 'lost'
    default:
      return 'unexpected'
  }
}

/** A service says the ref as such, identity with the session's other facts. */
const Who = z.object({ ref: z.string().optional(), session: z.object({ ref: z.string() }).optional() })
