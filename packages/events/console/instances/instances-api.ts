import { ask } from '../ask.js'

/** As identity's admin API lists them. */
export interface ConsoleInstances {
  readonly history: string
  /** The number of the newest sign-off. */
  readonly head: number
  readonly boundMs: number
  readonly instances: readonly ConsoleInstance[]
}

export interface ConsoleInstance {
  readonly id: string
  readonly service: string
  /** What runs there, as it says of itself. */
  readonly version: string | null
  readonly state: 'following' | 'lapsed' | 'other-history'
  readonly acknowledged: number
  /** Null where it counts in another history. */
  readonly lag: number | null
  readonly leaseLeftMs: number
  readonly leaseMs: number
}

export const listInstances = () => ask<ConsoleInstances>('/auth/admin/instances')
