import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Keys, Receipt } from '@curfew/contract'
import type { Redis } from 'ioredis'
import type { SignedOff, SignOffFacts } from '../sign-off/signed-off.js'
import { type KeptReceipt, parseKept } from './kept-receipt.js'

/** Receipts that were not confirmed when they were answered, under addresses that nobody can guess. */
export interface Receipts {
  /** False while too many are kept already: then nobody is answered before they need be. */
  readonly mayKeep: boolean
  /** Keeps it for ten minutes. @returns its capability: knowing it is all it takes to read the receipt */
  keep(signedOff: SignedOff): Promise<string>
  /**
   * How the sign-off stands, as soon as it is confirmed or after `waitMs`; whichever identity recorded it.
   * Null when there is no such receipt, or when its time has passed.
   *
   * @throws when Redis can't be asked, about one that another identity has recorded
   */
  find(capability: string, waitMs?: number): Promise<Receipt | null>
}

export interface ReceiptsOptions {
  readonly redis: Redis
  readonly keys: Keys
  /** Follows what another identity has recorded, until the signal is aborted. */
  readonly takeOver: (facts: SignOffFacts, until: AbortSignal) => Promise<SignedOff>
  readonly stopping: AbortSignal
  readonly onError: (error: unknown) => void
  /** @default 10_000 */
  readonly mostKept?: number
}

interface Followed {
  readonly signedOff: SignedOff | Promise<SignedOff>
  readonly isOurs: boolean
  /** Monotonic milliseconds. */
  readonly until: number
}

const KEPT_FOR_MS = 10 * 60_000
/** So long an answer waits for Redis to take its receipt. Milliseconds. */
const WRITING_MS = 500
const WRITE_AGAIN_MS = 250

/**
 * Whoever recorded a sign-off answers its receipt from memory. Redis holds it as well, with all that it takes
 * to follow the sign-off, so that every other identity can. That one does not know whether the first still
 * lives: it goes on by itself, and believes the first as soon as that has written that it is confirmed.
 */
export function createReceipts(options: ReceiptsOptions): Receipts {
  const { redis, keys, takeOver, stopping, onError, mostKept = 10_000 } = options
  /** Oldest first. */
  const followed = new Map<string, Followed>()

  async function keep(signedOff: SignedOff): Promise<string> {
    const capability = randomBytes(32).toString('base64url')
    const until = performance.now() + KEPT_FOR_MS
    followed.set(capability, { signedOff, isOurs: true, until })
    signedOff.onChange(() => void write(capability, signedOff, until))
    // Redis may be away, which may be why it is pending. Until it is back, we alone can answer.
    await Promise.race([write(capability, signedOff, until), pause(WRITING_MS, undefined, { ref: false })])
    return capability
  }

  /** Tries until it is written: always how it stands by then. */
  async function write(capability: string, signedOff: SignedOff, until: number): Promise<void> {
    for (;;) {
      const leftMs = Math.ceil(until - performance.now())
      if (leftMs <= 0 || stopping.aborted) return
      try {
        const kept: KeptReceipt = { receipt: signedOff.receipt(), facts: signedOff.facts() }
        await redis.set(keys.receipt(capability), JSON.stringify(kept), 'PX', leftMs)
        return
      } catch (error) {
        onError(error)
        await pause(WRITE_AGAIN_MS, undefined, { ref: false })
      }
    }
  }

  async function find(capability: string, waitMs = 0): Promise<Receipt | null> {
    if (!WELL_FORMED.test(capability)) return null
    forgetOld()
    const ours = followed.get(capability)
    if (ours?.isOurs) return (await ours.signedOff).within(waitMs)

    const kept = await read(capability)
    if (kept === null || kept.receipt.confirmed) return kept?.receipt ?? null
    const signedOff = await inTheirPlace(capability, kept.facts)
    if (signedOff === null) return kept.receipt

    const receipt = withKnown(kept.receipt, await signedOff.within(waitMs))
    if (receipt.confirmed) {
      const value = JSON.stringify({ ...kept, receipt } satisfies KeptReceipt)
      redis.set(keys.receipt(capability), value, 'KEEPTTL', 'XX').catch(onError)
      return receipt
    }
    // Whoever recorded it counts the bound from when it was durable, so may know earlier than we do.
    const later = waitMs > 0 ? await read(capability) : null
    return later?.receipt.confirmed ? later.receipt : receipt
  }

  /** Null when it can't be followed right now: then it is as pending as it was. */
  async function inTheirPlace(capability: string, facts: SignOffFacts): Promise<SignedOff | null> {
    let one = followed.get(capability)
    if (one === undefined) {
      const signedOff = takeOver(facts, AbortSignal.any([stopping, AbortSignal.timeout(KEPT_FOR_MS)]))
      one = { signedOff, isOurs: false, until: performance.now() + KEPT_FOR_MS }
      followed.set(capability, one)
    }
    try {
      return await one.signedOff
    } catch (error) {
      onError(error)
      followed.delete(capability)
      return null
    }
  }

  async function read(capability: string): Promise<KeptReceipt | null> {
    const json = await redis.get(keys.receipt(capability))
    return json === null ? null : parseKept(json)
  }

  function forgetOld(): void {
    const now = performance.now()
    for (const [capability, { until }] of followed) {
      if (until > now) return
      followed.delete(capability)
    }
  }

  return {
    keep,
    find,
    get mayKeep() {
      forgetOld()
      return followed.size < mostKept
    },
  }
}

/** The first knew exactly when who applied it; who took it over only that they had. */
function withKnown(before: Receipt, receipt: Receipt): Receipt {
  const instances = receipt.instances.map(
    (line) => before.instances.find(({ id, state }) => id === line.id && state === 'applied') ?? line,
  )
  return { ...receipt, instances }
}

const WELL_FORMED = /^[\w-]{43}$/
