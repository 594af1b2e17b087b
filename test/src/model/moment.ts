import type { Known } from './catalogue.js'
import type { Coordinator } from './coordinator.js'
import type { Budget, Deployment } from './deployment.js'
import type { Instance } from './instance.js'

/** All there is at a moment. Now is 0. */
export interface World {
  readonly redis: Known<Deployment>
  readonly coordinator: Known<Coordinator>
  readonly log: Known<Log>
  readonly instances: ReadonlyArray<Known<Instance>>
}

/** What has been promised, and what may still happen. */
export interface Log {
  readonly confirmed: 'by all' | 'by time' | null
  /** Since when the sign-off is durable. */
  readonly durableAt: number | null
  readonly left: Budget
}
