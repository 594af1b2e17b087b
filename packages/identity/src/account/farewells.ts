import { randomBytes } from 'node:crypto'
import type { Keys, Receipt } from '@curfew/contract'
import type { Redis } from 'ioredis'
import { type Seal, SealBroken } from '../tokens/seal.js'

/** What the page after a sign-off shows, and where it leads on to. */
export interface Farewell {
  readonly receipt: Receipt
  readonly scope: 'session' | 'others' | 'user'
  /** The provider's end-session address, with its ID token in it: hence sealed. */
  readonly continueTo: string | null
}

export const FAREWELL_SECONDS = 120

/**
 * Carries a receipt over the redirect after a form (POST, redirect, GET), under a random address that
 * nobody else can know.
 */
export function createFarewells(redis: Redis, keys: Keys, seal: Seal) {
  return {
    async keep(farewell: Farewell): Promise<string> {
      const capability = randomBytes(32).toString('base64url')
      await redis.set(
        keys.farewell(capability),
        seal.seal(JSON.stringify(farewell), capability),
        'EX',
        FAREWELL_SECONDS,
      )
      return capability
    },

    async find(capability: string): Promise<Farewell | null> {
      if (!WELL_FORMED.test(capability)) return null
      const sealed = await redis.get(keys.farewell(capability))
      if (sealed === null) return null
      try {
        // What opens under our key was sealed by us.
        const farewell: Farewell = JSON.parse(seal.open(sealed, capability))
        return farewell
      } catch (error) {
        // The key was taken out of the ring meanwhile.
        if (error instanceof SealBroken) return null
        throw error
      }
    },
  }
}

const WELL_FORMED = /^[\w-]{43}$/

export type Farewells = ReturnType<typeof createFarewells>
