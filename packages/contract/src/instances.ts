/** `GET /auth/admin/instances`: who may answer from memory, and how far they have come. */
export interface Instances {
  readonly history: string
  /** The number of the newest sign-off. */
  readonly head: number
  /** By then every lease that runs now has ended. Milliseconds. */
  readonly boundMs: number
  readonly instances: readonly ListedInstance[]
}

export interface ListedInstance {
  readonly id: string
  readonly service: string
  /** What runs there, as it says of itself. */
  readonly version: string | null
  /** `other-history`: it follows one that Redis does not have any more, and has yet to say hello. */
  readonly state: 'following' | 'lapsed' | 'other-history'
  /** Every sign-off up to this one has been applied there. */
  readonly acknowledged: number
  /** How many sign-offs it is behind; null where it counts in another history. */
  readonly lag: number | null
  /** By the clock of Redis alone. Milliseconds. */
  readonly leaseLeftMs: number
  readonly leaseMs: number
}
