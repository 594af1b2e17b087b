import type { Entry } from '../history/entry.js'

/** The five promises of the sign-off protocol. */
export const PROMISES = {
  1: 'confirmed means gone',
  2: 'bounded',
  3: 'final',
  4: 'recorded',
  5: 'no false logout',
} as const

export type PromiseNumber = keyof typeof PROMISES

/** A promise that was broken: which, how, and what shows it. */
export interface Violation {
  readonly promise: PromiseNumber
  /** The check that saw it, a few words. */
  readonly check: string
  readonly says: string
  readonly entries: readonly Entry[]
}
