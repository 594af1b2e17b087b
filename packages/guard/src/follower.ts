import type { SignOff } from '@curfew/contract'
import {
  acknowledgedBy,
  type FollowInput,
  type Following,
  follow,
  helloOf,
  type Instant,
  judgeRead,
  leaseLeftMs,
  mayServe,
  NOT_FOLLOWING,
} from './following.js'
import { runHooks, type SignOffHeard, type SignOffHook } from './hooks.js'
import type { ReadAnswer, StoreLink } from './store-link.js'

export interface FollowerOptions {
  readonly link: Pick<StoreLink, 'hello' | 'acknowledge'>
  /** How long memory may be answered from after a hello. Milliseconds. */
  readonly leaseMs: number
  /** How often hello is said, and how long hooks may take. Milliseconds. */
  readonly renewalMs: number
  /** Drops from memory and closes connections. Synchronous, and can't fail. */
  readonly drop: (signOff: SignOff | 'everything') => void
  /** Redis has lost sign-offs. */
  readonly onBehind: (behind: StoreBehind) => void
  readonly onError: (error: unknown) => void
}

/** A Redis that has lost sign-offs which were seen: nothing is answered from it before they are recorded again. */
export interface StoreBehind {
  /** The history that Redis has now, and its newest sign-off. */
  readonly history: string
  readonly head: number
  /** The history that we followed before, and what we have applied of it. Null: we know of nothing. */
  readonly followed: { readonly history: string; readonly applied: number; readonly leased: boolean } | null
}

/** Sign-offs that were not heard, and were caught up with. */
export interface Gap {
  /** The last that was applied before it, and the newest that was known of. */
  readonly after: number
  readonly upTo: number
  /** Epoch milliseconds. */
  readonly at: number
}

/** Carries out what `follow` decides: owns the clock, the renewals, the hooks and the acknowledgements. */
export interface Follower {
  /** Whether memory may be answered from, at this moment of the monotonic clock. */
  mayServe(monotonicMs: number): boolean
  /** Renews the lease; all who want it at the same time share one. Resolves with whether we have one. */
  sayHello(): Promise<boolean>
  /** The same, but not by one that is under way: something may have been missed since it was sent. */
  sayHelloAnew(): void
  hear(history: string, signOff: SignOff): void
  /** Whether what was read may be used, see `judgeRead`. */
  judge(answer: ReadAnswer, flushesWhenSent: number): ReturnType<typeof judgeRead>
  onSignOff(hook: SignOffHook): () => void
  ready(): Promise<void>
  /** Gives the lease back at once. Resolves when the hooks that run by then have finished, or are past their deadline. */
  close(): Promise<void>
  readonly state: Following
  readonly leaseLeftMs: number
  readonly hookFailures: number
  readonly lastGap: Gap | null
}

export function createFollower(options: FollowerOptions): Follower {
  const { link, leaseMs, renewalMs, drop, onBehind, onError } = options
  const hooks = new Set<SignOffHook>()
  const waitingForLease: Array<() => void> = []
  const beingTold = new Set<Promise<boolean>>()
  const renewals = setInterval(sayHello, renewalMs).unref()

  let state = NOT_FOLLOWING
  let saidHello: Promise<boolean> | undefined
  let soon: NodeJS.Timeout | undefined
  let mustSayAgain = false
  let acknowledging = false
  let closed = false
  let hookFailures = 0
  let lastGap: Gap | null = null

  const hasLease = () => mayServe(state, clock(), leaseMs)

  function sayHello(): Promise<boolean> {
    saidHello ??= renew().then((isRenewed) => {
      saidHello = undefined
      // What was noticed while that one was under way, it may not have brought.
      return mustSayAgain ? sayHello() : isRenewed
    })
    return saidHello
  }

  function sayHelloAnew(): void {
    if (saidHello) mustSayAgain = true
    else void sayHello()
  }

  async function renew(): Promise<boolean> {
    mustSayAgain = false
    if (closed) return false
    const sentAt = clock()
    try {
      const hello = helloOf(state, sentAt, leaseMs)
      const answer = await link.hello(hello)
      if (answer.standing === 'renewed' && answer.head > state.applied) noteGap(answer.head)
      step({ type: 'hello-answered', sentAt, ...answer })
    } catch (error) {
      onError(error)
    }
    return hasLease()
  }

  function step(input: FollowInput): void {
    if (closed) return
    const before = state
    const [next, effects] = follow(state, input, clock())
    state = { ...next, leasedAt: before.leasedAt }
    for (const effect of effects) {
      switch (effect.type) {
        case 'apply': {
          const { sequence } = effect.signOff
          // A sign-off is applied only in the history that we follow.
          apply(effect.signOff, { history: state.history ?? '', from: sequence, sequence })
          break
        }
        case 'flush':
          apply('everything', { history: effect.history, from: effect.from, sequence: effect.upTo })
          break
        case 'acknowledge':
          acknowledgeSoon()
          break
        case 'hello':
          sayHelloAnew()
          break
        case 'hello-later':
          clearTimeout(soon)
          soon = setTimeout(sayHello, renewalMs / 4).unref()
          break
        case 'report-behind':
          onBehind({ history: effect.history, head: effect.head, followed: followedIn(before) })
          break
      }
    }
    // One of those who were told may have closed it.
    if (closed) return
    // Not earlier: whoever is told of one that was missed may ask about the others at once.
    state = { ...state, leasedAt: next.leasedAt }
    if (hasLease()) for (const resolve of waitingForLease.splice(0)) resolve()
  }

  function followedIn({ history, applied, ...state }: Following): StoreBehind['followed'] {
    if (history === null) return null
    return { history, applied, leased: mayServe({ history, applied, ...state }, clock(), leaseMs) }
  }

  function apply(signOff: SignOff | 'everything', what: Omit<HooksFinished, 'type' | 'failed'>): void {
    drop(signOff)
    const telling = tellHooks(signOff)
    beingTold.add(telling)
    void telling.then((failed) => {
      beingTold.delete(telling)
      step({ type: 'hooks-finished', ...what, failed })
    })
  }

  /** Whether one of them failed. */
  async function tellHooks(signOff: SignOff | 'everything'): Promise<boolean> {
    if (hooks.size === 0) return false
    let failed = false
    await runHooks(hooks, heardOf(signOff), renewalMs, (error) => {
      failed = true
      hookFailures++
      onError(error)
    })
    return failed
  }

  /** Of the sign-offs that are applied in one turn of the event loop, only the newest is acknowledged. */
  function acknowledgeSoon(): void {
    if (acknowledging) return
    acknowledging = true
    setImmediate(() => {
      acknowledging = false
      if (state.history === null || closed) return
      // Lost, it is said again by the next hello.
      link.acknowledge(state.history, acknowledgedBy(state), state.hooksFailed).catch(onError)
    })
  }

  function noteGap(upTo: number): void {
    lastGap = { after: state.applied, upTo, at: Date.now() }
  }

  return {
    mayServe: (monotonicMs) => mayServe(state, { monotonicMs, wallMs: Date.now() }, leaseMs),
    sayHello,
    sayHelloAnew,
    hear(history, signOff) {
      if (history === state.history && signOff.sequence > state.applied + 1) noteGap(signOff.sequence)
      step({ type: 'heard', history, signOff })
    },
    judge: (answer, flushesWhenSent) => judgeRead(state, { ...answer, flushesWhenSent }, clock(), leaseMs),
    onSignOff(hook) {
      hooks.add(hook)
      return () => hooks.delete(hook)
    },
    ready: () => (hasLease() ? Promise.resolve() : new Promise((resolve) => waitingForLease.push(resolve))),
    async close() {
      closed = true
      clearInterval(renewals)
      clearTimeout(soon)
      state = NOT_FOLLOWING
      await Promise.all(beingTold)
    },
    get state() {
      return state
    },
    get leaseLeftMs() {
      return Math.ceil(leaseLeftMs(state, clock(), leaseMs))
    },
    get hookFailures() {
      return hookFailures
    },
    get lastGap() {
      return lastGap
    },
  }
}

type HooksFinished = Extract<FollowInput, { type: 'hooks-finished' }>

function heardOf(signOff: SignOff | 'everything'): SignOffHeard {
  if (signOff === 'everything') return signOff
  const { target } = signOff
  return target.kind === 'everyone' ? 'everything' : { ...signOff, target }
}

function clock(): Instant {
  return { monotonicMs: performance.now(), wallMs: Date.now() }
}
