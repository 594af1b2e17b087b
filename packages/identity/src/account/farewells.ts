import { randomBytes } from 'node:crypto'
import type { Keys, Receipt } from '@curfew/contract'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { KeptAsReceipt } from '../receipts/kept-receipt.js'
import type { Receipts } from '../receipts/receipts.js'
import type { SignedOff } from '../sign-off/signed-off.js'
import { storedJson } from '../stored-json.js'
import { type Seal, SealBroken } from '../tokens/seal.js'

/** What the page after a sign-off shows, and where it leads on to. */
export interface Farewell {
  /** How it stands now. */
  readonly receipt: Receipt
  readonly scope: 'session' | 'others' | 'user'
  /** The provider's end-session address, with its ID token in it: hence sealed. */
  readonly continueTo: string | null
}

export const FAREWELL_SECONDS = 120

/** Nobody looks at an empty page for longer than this: then they see what there is, and how it goes on. */
export const PAGE_PATIENCE_MS = 1_000

export interface FarewellOptions {
  readonly redis: Redis
  readonly keys: Keys
  readonly seal: Seal
  readonly receipts: Receipts
}

/** As it is kept: what was not confirmed then has a receipt that fills, under its capability. */
type Kept = Farewell & { readonly fills?: string }

/**
 * Carries a receipt over the redirect after a form (POST, redirect, GET), under a random address that
 * nobody else can know.
 */
export function createFarewells({ redis, keys, seal, receipts }: FarewellOptions) {
  return {
    /** Waits for a moment: most are confirmed by then. */
    async keep({ signedOff, ...farewell }: Omit<Farewell, 'receipt'> & { signedOff: SignedOff }) {
      const receipt = await signedOff.within(receipts.mayKeep ? PAGE_PATIENCE_MS : undefined)
      const fills = receipt.confirmed ? {} : { fills: await receipts.keep(signedOff) }
      const kept: Kept = { ...farewell, receipt, ...fills }
      const capability = randomBytes(32).toString('base64url')
      const value = seal.seal(JSON.stringify(kept), capability)
      await redis.set(keys.farewell(capability), value, 'EX', FAREWELL_SECONDS)
      return capability
    },

    async find(capability: string): Promise<Farewell | null> {
      if (!WELL_FORMED.test(capability)) return null
      const sealed = await redis.get(keys.farewell(capability))
      if (sealed === null) return null
      const kept = open(seal, sealed, capability)
      if (kept === null) return null
      const { fills, ...farewell } = kept
      if (fills === undefined) return farewell
      return { ...farewell, receipt: (await receipts.find(fills)) ?? farewell.receipt }
    },
  }
}

/** Null when the key was taken out of the ring meanwhile, or another version keeps it in a way that is not known here. */
function open(seal: Seal, sealed: string, capability: string): Kept | null {
  try {
    const kept = AsKept.safeParse(seal.open(sealed, capability))
    return kept.success ? kept.data : null
  } catch (error) {
    if (error instanceof SealBroken) return null
    throw error
  }
}

const AsKept = storedJson.pipe(
  z.object({
    receipt: KeptAsReceipt,
    scope: z.enum(['session', 'others', 'user']),
    continueTo: z.string().nullable(),
    fills: z.string().exactOptional(),
  }),
)

const WELL_FORMED = /^[\w-]{43}$/

export type Farewells = ReturnType<typeof createFarewells>
