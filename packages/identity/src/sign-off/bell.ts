import { boundMs as boundOf, type Keys, type Member, nonceCandidate, parseMember } from '@curfew/contract'
import { evaluate } from '@curfew/guard/evaluate'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import {
  type Acknowledgement,
  acknowledge,
  awaitConfirmation,
  type Confirmation,
  isConfirmed,
  nextLookAt,
  type Recorded,
} from './confirmation.js'
import { DROP_MEMBERS, WITNESS_HISTORY } from './scripts.js'

/**
 * Identity's ear for acknowledgements: follows each sign-off that was recorded here until every
 * instance has applied it, or can't serve from memory any more.
 */
export interface Bell {
  /** Resolves when the sign-off is confirmed, or at the deadline with what is known then. */
  confirm(recorded: Recorded, decidedAt: number, deadlineMs: number): Promise<Confirmation>
  /** Looks which history Redis has, and takes rows off the table that nobody has renewed for a whole bound. */
  lookAround(): Promise<void>
  close(): void
}

export interface BellOptions {
  /** For commands. */
  readonly redis: Redis
  /** A connection of its own that is not connected yet: it will be subscribed. */
  readonly ears: Redis
  readonly keys: Keys
  readonly boundMs: number
  onError(error: unknown): void
}

interface Waiting {
  state: Confirmation
  timer: NodeJS.Timeout | undefined
  finish(): void
}

export function createBell({ redis, ears, keys, boundMs, onError }: BellOptions): Bell {
  const waiting = new Set<Waiting>()
  /** The newest of each instance: an acknowledgement may overtake the answer of the script it is about. */
  const newest = new Map<string, Acknowledgement>()
  let longestBoundMs = boundMs
  /** The history we know, and from when on its members can be believed. */
  let known: { history: string; settledAt: number } | undefined
  /** Rows as they were, and since when they have not changed, on our own clock. */
  const silentSince = new Map<string, { row: string; since: number }>()

  ears.on('error', onError)
  ears.on('ready', () => {
    ears.subscribe(keys.channels.acknowledgements).then(() => void lookAround().catch(onError), onError)
  })
  ears.on('message', (_channel, message: string) => {
    const heard = parseAcknowledgement(message)
    if (heard) note(heard)
  })
  ears.connect().catch(onError)

  function note(heard: Acknowledgement): void {
    newest.set(heard.instance, heard)
    const now = performance.now()
    for (const one of waiting) {
      one.state = acknowledge(one.state, heard, now)
      if (isConfirmed(one.state, now)) one.finish()
    }
  }

  /** A service that was given a longer lease than ours may serve for longer: then everything takes longer. */
  function heed(members: readonly Member[]): number {
    longestBoundMs = Math.max(boundMs, ...members.map(({ leaseMs }) => boundOf(leaseMs)))
    return longestBoundMs
  }

  function settledAt(history: string): number {
    if (known?.history !== history) known = { history, settledAt: performance.now() + longestBoundMs }
    return known.settledAt
  }

  function confirm(recorded: Recorded, decidedAt: number, deadlineMs: number): Promise<Confirmation> {
    const durableAt = performance.now()
    const times = {
      decidedAt,
      durableAt,
      boundMs: heed(recorded.members),
      settledAt: settledAt(recorded.history),
    }
    const deadline = decidedAt + deadlineMs

    return new Promise((resolve) => {
      const one: Waiting = { state: awaitConfirmation(recorded, times), timer: undefined, finish }
      for (const heard of newest.values()) one.state = acknowledge(one.state, heard, durableAt)
      waiting.add(one)
      look()

      function look(): void {
        const now = performance.now()
        if (isConfirmed(one.state, now) || now >= deadline) finish()
        else one.timer = setTimeout(look, Math.ceil(Math.min(nextLookAt(one.state, now), deadline) - now))
      }

      function finish(): void {
        clearTimeout(one.timer)
        waiting.delete(one)
        resolve(one.state)
      }
    })
  }

  async function lookAround(): Promise<void> {
    const reply = await evaluate(
      redis,
      WITNESS_HISTORY,
      [keys.nonce, keys.sequence, keys.members],
      [nonceCandidate()],
    )
    const [history, , ...rows] = WitnessReply.parse(reply)
    const members = parseMembers(rows)
    heed(members)
    settledAt(history)
    // Rows are the truth: an acknowledgement may have been said while nobody listened.
    for (const { id, history, acknowledged } of members) {
      note({ instance: id, history, sequence: acknowledged })
    }
    for (const instance of newest.keys()) if (!rows.includes(instance)) newest.delete(instance)
    const silent = silentRows(rows, performance.now())
    if (silent.length > 0) await evaluate(redis, DROP_MEMBERS, [keys.members], silent)
  }

  function silentRows(rows: readonly string[], now: number): string[] {
    const silent: string[] = []
    for (let i = 0; i + 1 < rows.length; i += 2) {
      const [instance = '', row = ''] = rows.slice(i, i + 2)
      const before = silentSince.get(instance)
      if (before?.row !== row) silentSince.set(instance, { row, since: now })
      else if (now - before.since >= longestBoundMs) silent.push(instance, row)
    }
    for (const instance of silentSince.keys()) if (!rows.includes(instance)) silentSince.delete(instance)
    return silent
  }

  return {
    confirm,
    lookAround,
    close() {
      ears.disconnect()
      for (const one of [...waiting]) one.finish()
    },
  }
}

const WitnessReply = z.tuple([z.string(), z.number()], z.string())

/** `<instance> <history> <sequence>`, see the channels in contract/keys.ts. */
function parseAcknowledgement(message: string): Acknowledgement | null {
  const [instance, history, sequence] = message.split(' ')
  if (instance === undefined || history === undefined || !Number.isSafeInteger(Number(sequence))) return null
  return { instance, history, sequence: Number(sequence) }
}

/** `instance, row, instance, row…`, as the scripts return the table of members. */
export function parseMembers(parts: readonly string[]) {
  const members = []
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const member = parseMember(parts[i] ?? '', parts[i + 1] ?? '')
    if (member) members.push(member)
  }
  return members
}
