import { patienceMs, type SignOff } from '@curfew/contract'

/**
 * How an instance follows the sign-offs: what it has applied, and until when it may answer from memory.
 *
 * A pure reducer: `follow(state, input, now)` gives the next state and what must be done. It owns no
 * clock, no socket and no cache, so that the code which ships is the code which is explored and fuzzed.
 *
 * The rules are those of docs/protocol.md. In a sentence: **pub/sub carries no safety**. Hearing a
 * sign-off makes us fast; what makes us right is the lease, which says that when it was asked for,
 * everything recorded before had been applied here.
 */
export interface Following {
  /** The history we follow, null until the first hello was answered. */
  readonly history: string | null
  /** Memory reflects every sign-off of the history up to this sequence. */
  readonly applied: number
  /**
   * Of the hooks that have not finished, the first sign-off that each runs for. Ascending. When memory is emptied hooks run
   * for all that were not acknowledged by then: one may be there twice.
   */
  readonly unfinished: readonly number[]
  /** The newest sign-offs of which a hook failed. */
  readonly hooksFailed: readonly number[]
  /** Counts the flushes, so that an answer that was asked for before one is not kept after it. */
  readonly flushes: number
  /** When the hello was sent that the lease runs from, on both clocks. Null: there is no lease. */
  readonly leasedAt: Instant | null
  /** The history that we were told is not open, and when we were told so first. */
  readonly closed: { readonly history: string; readonly metAt: Instant } | null
}

/** A moment on the monotonic clock and on the wall clock, in milliseconds. */
export interface Instant {
  readonly monotonicMs: number
  readonly wallMs: number
}

export type FollowInput =
  | { readonly type: 'heard'; readonly history: string; readonly signOff: SignOff }
  | ({ readonly type: 'hello-answered'; readonly sentAt: Instant } & HelloAnswer)
  | {
      readonly type: 'hooks-finished'
      readonly history: string
      /** The first and the last sign-off that they ran for. */
      readonly from: number
      readonly sequence: number
      readonly failed: boolean
    }

/** What an instance says of itself when it asks for a lease. */
export interface Hello {
  readonly history: string | null
  readonly applied: number
  readonly acknowledged: number
  readonly hooksFailed: readonly number[]
  /**
   * The closed history that may be opened for us, if it holds all that we have applied. We were told of it, and
   * our lease of the one before still runs: nothing was confirmed that we have not applied. Or we have waited
   * for it, long enough for everybody to say what they know.
   */
  readonly opens: string | null
}

export interface HelloAnswer {
  readonly history: string
  /** The newest sign-off when Redis answered. */
  readonly head: number
  /**
   * `joined`: we had no row in this history, so whatever we remember is from another time. `waiting`: this
   * history is not open yet. `behind`: Redis has lost sign-offs, and identity has to record them again.
   */
  readonly standing: 'renewed' | 'joined' | 'waiting' | 'behind'
  /** The sign-offs after what we said we had applied, ascending; possibly not all of them. */
  readonly missed: readonly SignOff[]
}

export type FollowEffect =
  /** Drop from memory, close connections, run hooks; then say `hooks-finished`. */
  | { readonly type: 'apply'; readonly signOff: SignOff }
  /** Drop everything, close every connection, tell every hook; then say `hooks-finished` from `from` up to `upTo`. */
  | { readonly type: 'flush'; readonly history: string; readonly from: number; readonly upTo: number }
  | { readonly type: 'acknowledge'; readonly history: string; readonly sequence: number }
  /** Say hello now: something was missed, or the history is another one. */
  | { readonly type: 'hello' }
  /** Say hello again in a moment: there is nothing to follow yet. */
  | { readonly type: 'hello-later' }
  /** Redis has lost what we have seen, or somebody else has. */
  | { readonly type: 'report-behind'; readonly history: string; readonly head: number }

export const NOT_FOLLOWING: Following = {
  history: null,
  applied: 0,
  unfinished: [],
  hooksFailed: [],
  flushes: 0,
  leasedAt: null,
  closed: null,
}

export function follow(state: Following, input: FollowInput, now: Instant): [Following, FollowEffect[]] {
  switch (input.type) {
    case 'heard':
      return hear(state, input.history, input.signOff)
    case 'hello-answered':
      return renew(state, input, now)
    case 'hooks-finished':
      return finish(state, input)
  }
}

/** What to say with the next hello. */
export function helloOf(state: Following, now: Instant, leaseMs: number): Hello {
  const { history, applied, hooksFailed, closed } = state
  // What is said of a history before we know of it may arrive much later, and is of another time.
  const mayOpen =
    closed !== null && (mayServe(state, now, leaseMs) || elapsedMs(closed.metAt, now) >= patienceMs(leaseMs))
  return {
    history,
    applied,
    acknowledged: acknowledgedBy(state),
    hooksFailed,
    opens: mayOpen ? closed.history : null,
  }
}

/** The sequence up to which everything, hooks included, is done. */
export function acknowledgedBy(state: Following): number {
  const [oldest] = state.unfinished
  return oldest === undefined ? state.applied : oldest - 1
}

/**
 * Whether memory may be answered from, now. To be asked at each use: a flag that a timer clears is
 * wrong, since a paused process wakes up to serve what is queued before its timers run.
 *
 * The wall clock is a second witness. A suspended machine may stop the monotonic clock; a wall clock
 * that was set costs one renewal.
 */
export function mayServe(state: Following, now: Instant, leaseMs: number): boolean {
  const { leasedAt } = state
  return (
    leasedAt !== null &&
    now.monotonicMs < leasedAt.monotonicMs + leaseMs &&
    Math.abs(now.wallMs - leasedAt.wallMs) < leaseMs
  )
}

/** How long memory may be answered from, as far as is known now. Milliseconds, 0 when it may not. */
export function leaseLeftMs(state: Following, now: Instant, leaseMs: number): number {
  const from = state.leasedAt
  if (from === null || !mayServe(state, now, leaseMs)) return 0
  return leaseMs - Math.max(elapsedMs(from, now), Math.abs(now.wallMs - from.wallMs))
}

/** Where a read stood: its stamp, and how often memory had been flushed when it was sent. */
export interface ReadStamp {
  readonly history: string
  readonly head: number
  /** Whether leases were given in that history when Redis answered. */
  readonly isOpen: boolean
  readonly flushesWhenSent: number
}

/**
 * Whether what was read may be used and kept, now: a sign-off may have overtaken it, and the answer may
 * have waited for longer than the lease. `rejoin`: Redis has another history than we follow.
 */
export function judgeRead(
  state: Following,
  read: ReadStamp,
  now: Instant,
  leaseMs: number,
): 'use' | 'read-again' | 'rejoin' {
  if (!read.isOpen || read.history !== state.history) return 'rejoin'
  if (read.head < state.applied || read.flushesWhenSent !== state.flushes) return 'read-again'
  return mayServe(state, now, leaseMs) ? 'use' : 'read-again'
}

function hear(state: Following, history: string, signOff: SignOff): [Following, FollowEffect[]] {
  if (state.history === null) return [state, []]
  if (history !== state.history) return [state, [{ type: 'hello' }]]
  if (signOff.sequence <= state.applied) return [state, []]
  if (signOff.sequence > state.applied + 1) return [state, [{ type: 'hello' }]]
  return [applyTo(state, signOff), [{ type: 'apply', signOff }]]
}

function renew(
  state: Following,
  answer: HelloAnswer & { readonly sentAt: Instant },
  now: Instant,
): [Following, FollowEffect[]] {
  const { history, head, standing, missed, sentAt } = answer
  if (history !== state.history && isOlder(sentAt, state.leasedAt)) {
    return [state, [{ type: 'hello' }]]
  }
  if (standing === 'waiting' || standing === 'behind') {
    const isNews = state.closed?.history !== history
    const next = isNews ? { ...state, closed: { history, metAt: now } } : state
    if (standing === 'behind')
      return [next, [{ type: 'report-behind', history, head }, { type: 'hello-later' }]]
    // Who has a lease may open it, now that it is known.
    return [next, [{ type: isNews ? 'hello' : 'hello-later' }]]
  }
  if (standing === 'joined' || history !== state.history || clocksParted(state.leasedAt, sentAt)) {
    return flushTo(state, history, head, sentAt)
  }

  let next: Following = { ...state, closed: null }
  const effects: FollowEffect[] = []
  for (const signOff of missed) {
    if (signOff.sequence !== next.applied + 1) continue
    next = applyTo(next, signOff)
    effects.push({ type: 'apply', signOff })
  }
  // What is still missing was trimmed from the log, or is too much to be worth replaying.
  if (next.applied < head) return flushTo(state, history, head, sentAt)

  return [{ ...next, leasedAt: later(next.leasedAt, sentAt) }, effects]
}

function flushTo(
  state: Following,
  history: string,
  head: number,
  sentAt: Instant,
): [Following, FollowEffect[]] {
  const isAnother = history !== state.history
  // The answer may be from before what was heard since. That stays applied, and its hooks go on.
  const upTo = isAnother ? head : Math.max(head, state.applied)
  const from = Math.min(isAnother ? 1 : acknowledgedBy(state) + 1, upTo)
  const flushed: Following = {
    ...NOT_FOLLOWING,
    history,
    applied: upTo,
    unfinished: isAnother ? [from] : [from, ...state.unfinished],
    hooksFailed: isAnother ? [] : state.hooksFailed,
    flushes: state.flushes + 1,
    leasedAt: sentAt,
  }
  return [flushed, [{ type: 'flush', history, from, upTo }]]
}

function applyTo(state: Following, { sequence }: SignOff): Following {
  return { ...state, applied: sequence, unfinished: [...state.unfinished, sequence] }
}

/**
 * So many failed hooks are remembered, and said with each acknowledgement and each hello. Whoever waits for a
 * sign-off learns of its hook from the first of these that it hears, and it may hear a later one first. One that hangs holds
 * up acknowledging for a quarter of a lease: this is enough for 800 sign-offs a second, in 8 kB at the worst.
 */
const MOST_HOOKS_FAILED = 1_000

function finish(
  state: Following,
  { history, from, sequence, failed }: Extract<FollowInput, { type: 'hooks-finished' }>,
): [Following, FollowEffect[]] {
  // Hooks that began in another history have nothing to acknowledge in this one.
  if (history !== state.history || !state.unfinished.includes(from)) return [state, []]
  const next = {
    ...state,
    unfinished: state.unfinished.toSpliced(state.unfinished.indexOf(from), 1),
    hooksFailed: failed ? [...state.hooksFailed, sequence].slice(-MOST_HOOKS_FAILED) : state.hooksFailed,
  }
  if (acknowledgedBy(next) === acknowledgedBy(state)) return [next, []]
  return [next, [{ type: 'acknowledge', history, sequence: acknowledgedBy(next) }]]
}

/** Clocks that part by this much: one of them stood still or was set. Milliseconds. */
const CLOCKS_PART_MS = 1_000

/**
 * Whether the machine slept, or its wall clock was set. What is kept knows its ends on the monotonic clock,
 * which may have stood still meanwhile.
 */
function clocksParted(before: Instant | null, now: Instant): boolean {
  if (before === null) return false
  return Math.abs(now.wallMs - before.wallMs - elapsedMs(before, now)) >= CLOCKS_PART_MS
}

/** An answer that comes late must not take time away that a newer one gave. */
function later(current: Instant | null, sentAt: Instant): Instant {
  return current !== null && isOlder(sentAt, current) ? current : sentAt
}

function isOlder(moment: Instant, than: Instant | null): boolean {
  return than !== null && moment.monotonicMs < than.monotonicMs
}

function elapsedMs(from: Instant, to: Instant): number {
  return to.monotonicMs - from.monotonicMs
}
