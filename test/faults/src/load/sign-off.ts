import { z } from 'zod'
import type { SignOffEntry, SignOffKind, UnblockEntry } from '../history/entry.js'
import type { History } from '../history/history.js'
import type { Instance } from '../world/world.js'
import { type Answer, type Asked, ask } from './ask.js'
import type { KnownSession } from './people.js'

export interface SignOffWanted {
  readonly kind: SignOffKind
  readonly by: KnownSession
  /** Whose sessions. */
  readonly user: string
  /** The one session to be ended, where it is one. */
  readonly session?: KnownSession
}

export interface SignOffWorld {
  readonly history: History
  readonly identity: Instance
  /** Where a receipt is asked for while it fills: any instance of identity knows it. @default the same one */
  readonly receiptsAt?: Instance
  /** The system's id of a user, by name. */
  readonly userIds: ReadonlyMap<string, string>
}

/** Asks for a sign-off, and records what was answered. What is pending is asked about until it is confirmed. */
export async function signOff(world: SignOffWorld, wanted: SignOffWanted): Promise<SignOffEntry> {
  const { history, identity } = world
  const id = history.nextId('sign-off')
  const answer = await ask(history, identity, { id, cookie: wanted.by.cookie, ...requestFor(world, wanted) })
  const receipt = answer.status === 200 || answer.status === 202 ? Receipt.parse(answer.body) : null
  const { body, location, ...answered } = answer
  const entry: SignOffEntry = {
    op: 'sign-off',
    ...answered,
    kind: wanted.kind,
    instance: identity.name,
    by: wanted.by.name,
    user: wanted.user,
    ...(wanted.session ? { session: wanted.session.name } : {}),
    ...(wanted.kind === 'others' ? { except: wanted.by.name } : {}),
    outcome: receipt ? (receipt.confirmed ? 'confirmed' : 'pending') : outcomeOf(answer.status),
    ...(receipt ? { receipt: summaryOf(receipt) } : {}),
  }
  history.record(entry)
  if (entry.outcome === 'pending' && location !== null) await follow(world, id, location)
  return entry
}

export async function unblock(
  { history, identity, userIds }: SignOffWorld,
  by: KnownSession,
  user: string,
): Promise<UnblockEntry> {
  const id = history.nextId('unblock')
  const path = `/auth/admin/users/${userIds.get(user)}/unblock`
  const answer = await ask(history, identity, { id, method: 'POST', path, cookie: by.cookie })
  const { body, location, ...answered } = answer
  const entry: UnblockEntry = {
    op: 'unblock',
    ...answered,
    instance: identity.name,
    by: by.name,
    user,
    outcome: answer.status === 200 ? 'done' : answer.status === 409 ? 'refused' : outcomeOf(answer.status),
  }
  history.record(entry)
  return entry
}

function requestFor(
  { userIds }: SignOffWorld,
  { kind, user, session }: SignOffWanted,
): Omit<Asked, 'id' | 'cookie'> {
  const ofUser = (what: string) => ({
    method: 'POST',
    path: `/auth/admin/users/${userIds.get(user)}/${what}`,
  })
  switch (kind) {
    case 'session':
    case 'others':
      return { method: 'POST', path: '/auth/logout', json: { scope: kind } }
    case 'everywhere':
      return { method: 'POST', path: '/auth/logout', json: { scope: 'user' } }
    case 'own':
      return { method: 'DELETE', path: `/auth/sessions/${session?.ref}` }
    case 'admin-session':
      return { method: 'DELETE', path: `/auth/admin/sessions/${session?.ref}` }
    case 'admin-user':
      return ofUser('logout')
    case 'block':
      return { ...ofUser('block'), json: { reason: 'faults' } }
  }
}

/** A receipt has an address of its own while it fills. */
async function follow(world: SignOffWorld, signOff: string, location: string): Promise<void> {
  const { history, identity, receiptsAt = identity } = world
  const path = new URL(location, identity.url).pathname
  for (let tries = 0; tries < MOST_LOOKS; tries++) {
    const id = history.nextId('receipt')
    const answer: Answer = await ask(history, receiptsAt, { id, path, headers: { Prefer: 'wait=2' } })
    const confirmed = answer.status === 200 && Receipt.parse(answer.body).confirmed
    const { body, location, ...answered } = answer
    history.record({ op: 'receipt', ...answered, signOff, confirmed })
    if (confirmed) return
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
  }
}

const MOST_LOOKS = 40
const LOOK_AGAIN_MS = 100

const Receipt = z.object({
  event: z.object({ id: z.string() }),
  confirmed: z.boolean(),
  tookMs: z.number(),
  boundMs: z.number(),
  instances: z.array(z.object({ state: z.enum(['applied', 'lapsed', 'pending']) })),
})

function summaryOf({ event, tookMs, boundMs, instances }: z.infer<typeof Receipt>) {
  const count = (wanted: string) => instances.filter(({ state }) => state === wanted).length
  return {
    eventId: event.id,
    tookMs,
    boundMs,
    applied: count('applied'),
    lapsed: count('lapsed'),
    pending: count('pending'),
  }
}

function outcomeOf(status: number): 'refused' | 'unrecorded' | 'lost' | 'unexpected' {
  if (status === 0) return 'lost'
  if (status === 503) return 'unrecorded'
  return status === 401 || status === 404 ? 'refused' : 'unexpected'
}
