import { setTimeout as pause } from 'node:timers/promises'
import type { SignOffEntry, SignOffKind } from '../history/entry.js'
import type { History } from '../history/history.js'
import type { Random } from '../random.js'
import type { World } from '../world/world.js'
import { logIn } from './log-in.js'
import type { KnownSession, People } from './people.js'
import { type SignOffWorld, signOff, unblock } from './sign-off.js'
import { visit } from './visit.js'
import { watch } from './watch.js'

export interface LoadOptions {
  readonly world: World
  readonly history: History
  readonly people: People
  readonly userIds: ReadonlyMap<string, string>
  readonly admin: string
  readonly random: Random
}

/** How many do each at the same time. */
const VISITORS = 5
const NEWCOMERS = 2
const LEAVERS = 2
const WATCHERS = 4

const MOST_SESSIONS_OF_A_USER = 4
/** Sessions of one sign-off that are asked about in the moment in which it was answered. */
const MOST_IN_A_BURST = 4

const KINDS: Readonly<Record<SignOffKind, number>> = {
  session: 4,
  own: 2,
  others: 2,
  everywhere: 3,
  'admin-session': 2,
  'admin-user': 1,
  block: 3,
}

/**
 * People who sign in, work, and are signed off, all at once, until `over`. What they do follows the seed; when
 * it happens follows the machine.
 */
export async function putUnderLoad(options: LoadOptions, over: AbortSignal): Promise<void> {
  const { world, history, people, userIds, admin, random } = options
  const users = people.users.filter((user) => user !== admin)
  const loginWorld = { history, identity: world.identity, people }
  const blocked = new Set<string>()
  const errands = new Set<Promise<unknown>>()

  /** Nobody waits for it here, but the load is not over before it is done. */
  function send(errand: Promise<unknown>): void {
    const done = errand.finally(() => errands.delete(done))
    errands.add(done)
  }

  /** At one instance of identity, and its receipt perhaps at another. */
  function anywhere(own: Random): SignOffWorld {
    const [identity, receiptsAt] = [own.pick(world.identities), own.pick(world.identities)]
    return { history, userIds, identity, receiptsAt }
  }

  async function goOn(name: string, step: (random: Random) => Promise<void>, restMs: number): Promise<void> {
    const own = random.fork(name)
    while (!over.aborted) {
      await step(own)
      await pause(own.between(0, restMs))
    }
  }

  async function work(own: Random): Promise<void> {
    const session = people.anySession(own)
    if (session === null) return
    const instance = own.pick(world.instances)
    const isSlow = !instance.isIdentity && own.chance(0.05)
    const path = isSlow ? `/slow?ms=${own.between(20, 1_200)}` : instance.whoPath
    const { outcome } = await visit(history, instance, session, { path })
    if (outcome === 'refused') people.ended(session)
  }

  async function arrive(own: Random): Promise<void> {
    const user = own.pick(users)
    const theirs = people.living(user)
    // Some look for their second factor, while others sign them off.
    const meanwhile = async () => own.chance(0.3) && (await pause(own.between(0, 2_000)))
    if (theirs.length < MOST_SESSIONS_OF_A_USER) {
      const { outcome } = await logIn(loginWorld, user, { meanwhile })
      // A lifting that a failover lost is done again.
      if (outcome === 'blocked') blocked.add(user)
    }
    // Who signs in again in the same browser leaves the old session behind.
    else if (own.chance(0.2)) await logIn(loginWorld, user, { before: own.pick(theirs), meanwhile })
  }

  async function leave(own: Random): Promise<void> {
    const [lifted] = blocked
    if (lifted !== undefined && own.chance(0.7)) {
      const by = await adminSession()
      if (by === undefined) return
      const { outcome, status } = await unblock(anywhere(own), by, lifted)
      if (outcome === 'done' || status === 409) blocked.delete(lifted)
      if (status === 401) people.ended(by)
      return
    }
    const kind = own.weigh(KINDS)
    const user = own.pick(users)
    const theirs = people.living(user)
    const session = theirs.length > 0 ? own.pick(theirs) : undefined
    if (session === undefined) return
    const isOfAdmin = kind.startsWith('admin') || kind === 'block'
    const by = isOfAdmin ? await adminSession() : kind === 'own' ? own.pick(theirs) : session
    if (by === undefined) return

    const isOfOne = kind === 'session' || kind === 'own' || kind === 'admin-session'
    const covered = isOfOne ? [session] : theirs.filter((one) => kind !== 'others' || one !== by)
    const answer = await signOff(anywhere(own), {
      kind,
      by,
      user,
      ...(isOfOne ? { session } : {}),
    })
    if (kind === 'block') blocked.add(user)
    if (answer.outcome !== 'refused') people.ended(...covered)
    if (answer.status === 401) people.ended(by)
    askAtOnce(answer, covered, own)
  }

  /** Every instance is asked in the moment in which the answer is there: nobody may be late by then. */
  function askAtOnce({ outcome }: SignOffEntry, covered: readonly KnownSession[], own: Random): void {
    if (outcome !== 'confirmed') return
    for (const session of covered.slice(0, MOST_IN_A_BURST)) {
      for (const instance of world.instances) send(visit(history, instance, session))
    }
    const [first] = covered
    if (first && own.chance(0.5)) send(haunt(first, own.between(20, 2_000)))
  }

  /** And once more when whoever slept then may be awake. */
  async function haunt(session: KnownSession, inMs: number): Promise<void> {
    await pause(inMs)
    await Promise.all(world.instances.map((instance) => visit(history, instance, session)))
  }

  async function adminSession(): Promise<KnownSession | undefined> {
    const [session] = people.living(admin)
    return session ?? (await logIn(loginWorld, admin)).session ?? undefined
  }

  async function look(own: Random): Promise<void> {
    const living = people.living()
    if (living.length === 0) return
    const patience = AbortSignal.any([over, AbortSignal.timeout(own.between(500, 8_000))])
    await watch(history, own.pick(world.services), own.pick(living), patience)
  }

  const many = (count: number, name: string, step: (random: Random) => Promise<void>, restMs: number) =>
    Array.from({ length: count }, (_, index) => goOn(`${name}-${index}`, step, restMs))

  await Promise.all([
    ...many(VISITORS, 'visitor', work, 30),
    ...many(NEWCOMERS, 'newcomer', arrive, 250),
    ...many(LEAVERS, 'leaver', leave, 350),
    ...many(WATCHERS, 'watcher', look, 500),
  ])
  await Promise.all(errands)
}
