import { renewalIntervalMs, type SignOff } from '@curfew/contract'
import {
  acknowledgedBy,
  type FollowInput,
  type Following,
  follow,
  type Instant,
  judgeRead,
  mayServe,
  NOT_FOLLOWING,
} from './following.js'
import { runHooks, type SignOffHook } from './hooks.js'
import type { ReadAnswer, StoreLink } from './store-link.js'

export interface FollowerOptions {
  readonly link: Pick<StoreLink, 'hello' | 'acknowledge'>
  readonly leaseMs: number
  /** Drops from memory and closes connections. Synchronous, and can't fail. */
  readonly drop: (signOff: SignOff | 'everything') => void
  readonly onError: (error: unknown) => void
}

/** Carries out what `follow` decides: owns the clock, the renewals, the hooks and the acknowledgements. */
export interface Follower {
  /** Whether memory may be answered from, at this moment of the monotonic clock. */
  mayServe(monotonicMs: number): boolean
  /** Renews the lease; all who want it at the same time share one. Resolves with whether we have one. */
  sayHello(): Promise<boolean>
  hear(history: string, signOff: SignOff): void
  /** Whether what was read may be used, see `judgeRead`. */
  judge(answer: ReadAnswer, flushesWhenSent: number): ReturnType<typeof judgeRead>
  onSignOff(hook: SignOffHook): () => void
  ready(): Promise<void>
  /** Gives the lease back. */
  close(): void
  readonly state: Following
  readonly leaseLeftMs: number
  readonly hookFailures: number
}

export function createFollower({ link, leaseMs, drop, onError }: FollowerOptions): Follower {
  const hooks = new Set<SignOffHook>()
  const waitingForLease: Array<() => void> = []
  const renewals = setInterval(sayHello, renewalIntervalMs(leaseMs)).unref()

  let state = NOT_FOLLOWING
  let saidHello: Promise<boolean> | undefined
  let acknowledging = false
  let closed = false
  let hookFailures = 0

  const hasLease = () => mayServe(state, clock(), leaseMs)

  function sayHello(): Promise<boolean> {
    saidHello ??= renew().finally(() => {
      saidHello = undefined
    })
    return saidHello
  }

  async function renew(): Promise<boolean> {
    if (closed) return false
    const sentAt = clock()
    try {
      const { history, applied } = state
      const answer = await link.hello({ history, applied, acknowledged: acknowledgedBy(state) })
      step({ type: 'hello-answered', sentAt, ...answer })
    } catch (error) {
      onError(error)
    }
    return hasLease()
  }

  function step(input: FollowInput): void {
    if (closed) return
    const [next, effects] = follow(state, input)
    state = next
    for (const effect of effects) {
      switch (effect.type) {
        case 'apply':
          // A sign-off is applied only in the history that we follow.
          apply(effect.signOff, state.history ?? '', effect.signOff.sequence)
          break
        case 'flush':
          apply('everything', effect.history, effect.upTo)
          break
        case 'acknowledge':
          acknowledgeSoon()
          break
        case 'hello':
          void sayHello()
          break
      }
    }
    if (hasLease()) for (const resolve of waitingForLease.splice(0)) resolve()
  }

  function apply(signOff: SignOff | 'everything', history: string, sequence: number): void {
    drop(signOff)
    void tellHooks(signOff).then(() => step({ type: 'hooks-finished', history, sequence }))
  }

  async function tellHooks(signOff: SignOff | 'everything'): Promise<void> {
    if (hooks.size === 0) return
    await runHooks(hooks, signOff, leaseMs / 4, (error) => {
      hookFailures++
      onError(error)
    })
  }

  /** Of the sign-offs that are applied in one turn of the event loop, only the newest is acknowledged. */
  function acknowledgeSoon(): void {
    if (acknowledging) return
    acknowledging = true
    setImmediate(() => {
      acknowledging = false
      if (state.history === null || closed) return
      // Lost, it is said again by the next hello.
      link.acknowledge(state.history, acknowledgedBy(state)).catch(onError)
    })
  }

  return {
    mayServe: (monotonicMs) => mayServe(state, { monotonicMs, wallMs: Date.now() }, leaseMs),
    sayHello,
    hear: (history, signOff) => step({ type: 'heard', history, signOff }),
    judge: (answer, flushesWhenSent) => judgeRead(state, { ...answer, flushesWhenSent }),
    onSignOff(hook) {
      hooks.add(hook)
      return () => hooks.delete(hook)
    },
    ready: () => (hasLease() ? Promise.resolve() : new Promise((resolve) => waitingForLease.push(resolve))),
    close() {
      closed = true
      clearInterval(renewals)
      state = NOT_FOLLOWING
    },
    get state() {
      return state
    },
    get leaseLeftMs() {
      const endsAt = state.leasedAt === null ? 0 : state.leasedAt.monotonicMs + leaseMs
      return Math.max(0, Math.round(endsAt - performance.now()))
    },
    get hookFailures() {
      return hookFailures
    },
  }
}

function clock(): Instant {
  return { monotonicMs: performance.now(), wallMs: Date.now() }
}
