import { setTimeout as pause } from 'node:timers/promises'
import { keysOf } from '@curfew/contract'
import { eventually } from '@curfew/testing'
import type { FaultEntry, RequestEntry, SignOffEntry, SignOffKind, UnblockEntry } from '../history/entry.js'
import type { History } from '../history/history.js'
import { logIn } from '../load/log-in.js'
import type { KnownSession, People } from '../load/people.js'
import { signOff, unblock } from '../load/sign-off.js'
import { visit } from '../load/visit.js'
import { watch } from '../load/watch.js'
import type { Disturbance, TcpProxy } from '../world/tcp-proxy.js'
import type { Instance, World } from '../world/world.js'

/** What a scenario does things with: everything that it does and sees is recorded. */
export interface Stage {
  readonly world: World
  readonly history: History
  /** An instance that nothing happens to, and the one that something does. */
  readonly here: Instance
  readonly there: Instance
  /** Signs somebody in, and lets every instance, or those that are named, remember the session. */
  arrive(user: string, rememberedBy?: readonly Instance[]): Promise<KnownSession>
  /** The same for somebody who may be refused, and while something else happens. */
  tryToArrive(user: string, meanwhile?: () => Promise<unknown>): Promise<KnownSession | null>
  ask(instance: Instance, session: KnownSession): Promise<RequestEntry>
  /** Asks every instance at once. */
  askAll(session: KnownSession): Promise<void>
  signOff(kind: SignOffKind, by: KnownSession, target?: KnownSession): Promise<SignOffEntry>
  /** The same, again and again until it could be recorded. */
  signOffAtLast(by: KnownSession): Promise<SignOffEntry>
  unblock(by: KnownSession, user: string, at?: Instance): Promise<UnblockEntry>
  /** Opens a stream, and resolves when the first message has come. */
  watch(instance: Instance, session: KnownSession): Promise<void>
  /** Begins a fault of the network at `there`, or changes the one that is; `heal` ends it. */
  disturb(...disturbances: readonly Disturbance[]): void
  heal(): void
  /** Records a fault of any kind; what it returns ends it. */
  suffer(
    kind: string,
    victim: string,
    begin: () => unknown,
    heal: () => unknown,
    more?: Partial<FaultEntry>,
  ): Promise<() => Promise<void>>
  /** Asks until there is an answer, of whatever kind. */
  untilAnswered(session: KnownSession): Promise<void>
  /** Until `there` has said hello once more, and Redis has heard it. */
  nextHello(): Promise<void>
  /** Deletes the number of the newest sign-off, and their list, behind everybody's back. */
  loseNumber(): Promise<unknown>
  pause(ms: number): Promise<void>
  /** Ends what is still open. */
  close(): Promise<void>
}

export interface StageOptions {
  readonly world: World
  readonly history: History
  readonly people: People
  readonly userIds: ReadonlyMap<string, string>
}

export function setStage({ world, history, people, userIds }: StageOptions): Stage {
  const { identity, instances, redis } = world
  const [here, there] = world.services
  if (here === undefined || there === undefined) throw new TypeError('a stage takes two services')
  const open = new AbortController()
  const streams: Promise<void>[] = []
  let disturbedSince: number | undefined

  async function suffer(
    kind: string,
    victim: string,
    begin: () => unknown,
    heal: () => unknown,
    more: Partial<FaultEntry> = {},
  ) {
    const start = history.now()
    await begin()
    return async () => {
      await heal()
      const id = history.nextId('fault')
      const end = history.now()
      history.record({ op: 'fault', id, kind, hit: [victim], mayLose: false, start, end, ...more })
    }
  }

  function signOffOf(kind: SignOffKind, by: KnownSession, target = by): Promise<SignOffEntry> {
    const isOfOne = kind === 'session' || kind === 'own' || kind === 'admin-session'
    const wanted = { kind, by, user: target.user, ...(isOfOne ? { session: target } : {}) }
    return signOff({ history, identity, userIds }, wanted)
  }

  return {
    world,
    history,
    here,
    there,
    async arrive(user, rememberedBy = instances) {
      const { session } = await logIn({ history, identity, people }, user)
      if (session === null) throw new Error(`${user} could not sign in`)
      await Promise.all(rememberedBy.map((instance) => visit(history, instance, session)))
      return session
    },
    async tryToArrive(user, meanwhile) {
      return (await logIn({ history, identity, people }, user, meanwhile ? { meanwhile } : {})).session
    },
    ask: (instance, session) => visit(history, instance, session),
    async askAll(session) {
      await Promise.all(instances.map((instance) => visit(history, instance, session)))
    },
    signOff: signOffOf,
    async signOffAtLast(by) {
      for (;;) {
        const answer = await signOffOf('session', by)
        if (answer.outcome !== 'unrecorded') return answer
        await pause(20)
      }
    },
    unblock: (by, user, at = identity) => unblock({ history, identity: at, userIds }, by, user),
    async watch(instance, session) {
      streams.push(watch(history, instance, session, open.signal))
      await eventually(() =>
        history.entries.findLast((entry) => entry.op === 'message' && entry.session === session.name),
      )
    },
    disturb(...disturbances) {
      const proxy = proxyOf(there)
      disturbedSince ??= history.now()
      proxy.disturb(...disturbances)
      if (disturbances.some(({ refuse }) => refuse)) proxy.cut()
    },
    heal() {
      proxyOf(there).heal()
      if (disturbedSince === undefined) return
      const id = history.nextId('fault')
      const span = { start: disturbedSince, end: history.now() }
      history.record({ op: 'fault', id, kind: 'network', hit: [there.name], mayLose: false, ...span })
      disturbedSince = undefined
    },
    suffer,
    async untilAnswered(session) {
      const isAnswered = async (instance: Instance) => {
        const { outcome } = await visit(history, instance, session)
        return outcome === 'accepted' || outcome === 'refused'
      }
      await Promise.all(instances.map((instance) => eventually(() => isAnswered(instance), PATIENT)))
    },
    async nextHello() {
      const rows = () => redis.ask((one) => one.hgetall(keysOf('curfew').members))
      const rowOf = (all: Record<string, string>) =>
        Object.values(all).find((row) => row.includes(there.name))
      const before = rowOf(await rows())
      await eventually(async () => rowOf(await rows()) !== before)
    },
    loseNumber() {
      const { sequence, signoffs } = keysOf('curfew')
      return redis.ask((one) => one.del(sequence, signoffs))
    },
    pause: (ms) => pause(ms),
    async close() {
      open.abort()
      await Promise.all(streams)
    },
  }
}

const PATIENT = { within: 15_000 }

function proxyOf({ proxy, name }: Instance): TcpProxy {
  if (proxy === null) throw new TypeError(`nothing stands between ${name} and its Redis`)
  return proxy
}
