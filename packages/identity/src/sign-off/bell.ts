import { type Keys, nonceCandidate } from '@curfew/contract'
import { evaluate } from '@curfew/guard/evaluate'
import type { Redis } from 'ioredis'
import type { Acknowledgement, Confirmation, Recorded } from './confirmation.js'
import {
  type CoordinationEffect,
  type CoordinationInput,
  coordinate,
  nextLook,
  startCoordination,
} from './coordinator.js'
import type { RecordDurably } from './record-durably.js'
import type { Remembered } from './remembered.js'
import { parseWitnessReply } from './replies.js'
import { DROP_MEMBERS, WITNESS_HISTORY } from './scripts.js'

/**
 * Identity's ear for acknowledgements: follows each sign-off that was recorded here until every instance
 * has applied it, or can't serve from memory any more. Carries out what `coordinate` decides.
 */
export interface Bell {
  /** Follows a sign-off that is durable since just now. */
  follow(recorded: Recorded, decidedAt: number): Followed
  /** Looks which history Redis has, and takes rows off the table that nobody has renewed for a whole bound. */
  lookAround(): Promise<void>
  /** The newest acknowledgement that was heard here of each instance, which its row may not know yet. */
  readonly newest: ReadonlyMap<string, Acknowledgement>
  close(): void
}

export interface Followed {
  /** How it stands. */
  readonly confirmation: Confirmation
  /** `overtaken`: Redis has another history, so it has to be recorded again. `closed`: nobody follows it any more. */
  readonly outcome: Promise<'confirmed' | 'overtaken' | 'closed'>
}

export interface BellOptions {
  /** For commands. */
  readonly redis: Redis
  /** A connection of its own that is not connected yet: it will be subscribed. */
  readonly ears: Redis
  readonly recordDurably: RecordDurably
  readonly keys: Keys
  readonly remembered: Pick<Remembered, 'upTo' | 'onInformed'>
  readonly boundMs: number
  /** The instance that this process is. */
  readonly self: string
  onError(error: unknown): void
}

interface Entry {
  /** How it stood when it was no longer pending. */
  final: Confirmation | undefined
  readonly end: (outcome: Awaited<Followed['outcome']>) => void
}

export function createBell(options: BellOptions): Bell {
  const { redis, ears, recordDurably, keys, remembered, boundMs, self, onError } = options
  const entries = new Map<number, Entry>()
  let state = startCoordination(boundMs, self)
  let tickets = 0
  const heard: Acknowledgement[] = []
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  ears.on('error', onError)
  ears.on('ready', () => {
    ears.subscribe(keys.channels.acknowledgements).then(() => void lookAround().catch(onError), onError)
  })
  ears.on('message', (_channel, message: string) => {
    const acknowledgement = parseAcknowledgement(message)
    if (acknowledgement === null) return
    if (heard.length === 0) setImmediate(() => step({ type: 'acknowledged', heard: heard.splice(0) }))
    heard.push(acknowledgement)
  })
  ears.connect().catch(onError)
  remembered.onInformed(() => step({ type: 'time-passed' }))

  function step(input: CoordinationInput): void {
    const now = performance.now()
    const { upTo } = remembered
    const inputs = upTo === state.remembered ? [input] : [{ type: 'remembered', upTo } as const, input]
    for (const one of inputs) {
      const [next, effects] = coordinate(state, one, now)
      state = next
      for (const effect of effects) carryOut(effect)
    }
    clearTimeout(timer)
    const at = nextLook(state, now)
    // An answer that was under way when it was closed still arrives.
    if (isClosed || at === Number.POSITIVE_INFINITY) return
    timer = setTimeout(() => step({ type: 'time-passed' }), Math.max(1, Math.ceil(at - now)))
  }

  function carryOut(effect: CoordinationEffect): void {
    switch (effect.type) {
      case 'confirmed':
      case 'overtaken': {
        const entry = entries.get(effect.ticket)
        if (entry) entry.final = effect.confirmation
        entry?.end(effect.type)
        entries.delete(effect.ticket)
        return
      }
      case 'witness':
        return void lookAround().catch(onError)
      case 'drop':
        return void evaluate(redis, DROP_MEMBERS, [keys.members], effect.rows.flat()).catch(onError)
    }
  }

  function follow(recorded: Recorded, decidedAt: number): Followed {
    const ticket = tickets++
    const { promise: outcome, resolve: end } = withResolvers<Awaited<Followed['outcome']>>()
    const entry: Entry = { final: undefined, end }
    entries.set(ticket, entry)
    step({ type: 'recorded', ticket, decidedAt, recorded })
    return {
      get confirmation() {
        const confirmation = state.pending.get(ticket) ?? entry.final
        if (confirmation === undefined) throw new TypeError('a sign-off is either pending or over')
        return confirmation
      },
      outcome,
    }
  }

  async function lookAround(): Promise<void> {
    // Whoever only listens does not notice that the connection went silent: its socket timeout does then.
    if (ears.status === 'ready') ears.ping().catch(onError)
    const sentAt = performance.now()
    const reply = await recordDurably(
      WITNESS_HISTORY,
      [keys.history, keys.sequence, keys.members],
      [nonceCandidate()],
    )
    const { history, rows } = parseWitnessReply(reply)
    step({ type: 'witnessed', sentAt, history, rows })
  }

  return {
    follow,
    lookAround,
    get newest() {
      return state.newest
    },
    close() {
      isClosed = true
      ears.disconnect()
      clearTimeout(timer)
      for (const { end } of entries.values()) end('closed')
    },
  }
}

/** Promise.withResolvers comes with Node 22. */
function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

/** `<instance> <history> <sequence> <failed hooks>`, see the channels in contract/keys.ts. */
function parseAcknowledgement(message: string): Acknowledgement | null {
  const [instance, history, sequence, hooksFailed = '[]'] = message.split(' ')
  if (instance === undefined || history === undefined || !Number.isSafeInteger(Number(sequence))) return null
  return { instance, history, sequence: Number(sequence), hooksFailed: numbersIn(hooksFailed) }
}

function numbersIn(list: string): number[] {
  return list.replace(/[[\]]/g, '').split(',').filter(Boolean).map(Number).filter(Number.isSafeInteger)
}
