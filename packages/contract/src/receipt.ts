import type { EventType } from './event.js'

/** What a sign-off answers: who has applied it, and by when everyone must have. */
export interface Receipt {
  readonly event: { readonly id: string; readonly type: EventType; readonly sequence: number }
  /** How many sessions it ended. */
  readonly sessions: number
  /** True once no instance anywhere can serve a request under what was signed off. */
  readonly confirmed: boolean
  /** From the decision to the confirmation, or to this answer while it is pending. Milliseconds. */
  readonly tookMs: number
  /** So long after the decision it is confirmed at the latest, whatever the instances do. Milliseconds. */
  readonly boundMs: number
  readonly instances: readonly InstanceReceipt[]
}

export interface InstanceReceipt {
  readonly id: string
  readonly service: string
  /** `applied`: it told us. `lapsed`: its lease ended, so it serves nothing from memory. */
  readonly state: 'applied' | 'lapsed' | 'pending'
  /** From the decision until that state was known. Milliseconds. */
  readonly ms?: number
  /** A hook of the service failed, or was not done in time. The guard refuses the session all the same. */
  readonly hook?: 'failed'
}
