import { type CurfewEvent, createEvent, type EventData, type Receipt } from '@curfew/contract'
import { namedId } from '../named-id.js'

/** What the event of a sign-off said: but for what was changed it is said again when that is confirmed. */
export interface SignOffStory {
  readonly subject: string | null
  readonly data: EventData
  /** As metrics have it: also of a block, whose event says what the admin wrote. */
  readonly reason: string
}

export interface ConfirmedFacts {
  /** Returns at once: nobody waits for it. */
  confirmed(story: SignOffStory, receipt: Receipt): void
  /** Writes what is left, once. */
  stop(): Promise<void>
}

export interface ConfirmedFactsOptions {
  /** @throws when they are not all written: then all of them are written again */
  readonly write: (events: readonly CurfewEvent[]) => Promise<void>
  readonly onError: (error: unknown) => void
}

/**
 * So long a fact is left lying. Each write holds Redis up for a sync of its disk, and the acknowledgements of other
 * sign-offs would wait behind it: those that are confirmed meanwhile share one. Milliseconds.
 */
const COLLECT_MS = 250

/** While Redis is away. Milliseconds. */
const WRITE_AGAIN_MS = 1_000

/** Kept while Redis is away, about 1 kB each. */
const MOST_WAITING = 10_000

/**
 * Writes `sign-off.confirmed` into the log, apart from the sign-off: that is confirmed whether or not the log says
 * so. A process that dies in between leaves the fact to whichever identity is asked for the receipt.
 */
export function createConfirmedFacts({ write, onError }: ConfirmedFactsOptions): ConfirmedFacts {
  let waiting: CurfewEvent[] = []
  /** Of the next write, also while that is under way: there is one at a time. */
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  function confirmed(story: SignOffStory, receipt: Receipt): void {
    if (waiting.length >= MOST_WAITING) {
      onError(new Error('the log does not say of a sign-off that it is confirmed: too many wait'))
      return
    }
    waiting.push(confirmedEvent(story, receipt))
    timer ??= setTimeout(next, COLLECT_MS).unref()
  }

  function next(): void {
    writing = writeAll()
  }

  async function writeAll(): Promise<void> {
    const events = waiting
    waiting = []
    let againMs = COLLECT_MS
    try {
      if (events.length > 0) await write(events)
    } catch (error) {
      onError(error)
      waiting = [...events, ...waiting]
      againMs = WRITE_AGAIN_MS
    }
    timer = waiting.length > 0 ? setTimeout(next, againMs).unref() : undefined
  }

  return {
    confirmed,
    async stop() {
      await writing
      clearTimeout(timer)
      await writeAll()
      clearTimeout(timer)
    },
  }
}

function confirmedEvent({ subject, data, reason }: SignOffStory, receipt: Receipt): CurfewEvent {
  // What was changed has been told: to be confirmed changes nothing.
  const { before, after, ...told } = data
  const { event, instances, sessions, tookMs } = receipt
  const inState = (wanted: string) => instances.filter(({ state }) => state === wanted).length
  const hooksFailed = instances.filter(({ hook }) => hook === 'failed').length
  const fact = createEvent('identity', 'sign-off.confirmed', subject, {
    ...told,
    reason,
    signOff: event.type,
    eventId: event.id,
    sequence: event.sequence,
    sessions,
    tookMs,
    applied: inState('applied'),
    lapsed: inState('lapsed'),
    ...(hooksFailed > 0 ? { hooksFailed } : {}),
  })
  return { ...fact, id: namedId(`sign-off.confirmed ${event.id}`) }
}
