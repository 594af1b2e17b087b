import { LEASE_MS, LONG_LEASE_MS } from './clock.js'
import type { Budget, DeploymentKind } from './deployment.js'
import type { InstanceOptions } from './instance.js'
import type { SignOffKind } from './redis.js'

/** A small system, and what may happen to it. */
export interface Configuration {
  readonly deployment: DeploymentKind
  readonly signOff: SignOffKind
  readonly instances: readonly InstanceOptions[]
  readonly faults: Partial<Budget>
  /** How many published sign-offs may be on their way to an instance. With none, only hellos tell. */
  readonly mostMessages: number
  /** A read, or a hello, is one step: else its delays are explored, too. */
  readonly readsAtOnce: boolean
  readonly hellosAtOnce: boolean
  /** Rows are taken off the table. */
  readonly drops: boolean
  /** Hellos that were given up may arrive all the same. */
  readonly strays: boolean
  /** Whoever lives says hello to a new history before somebody who knows nothing has waited for long enough. */
  readonly timely: boolean
  /** Nothing that was durable can be lost: then promises 2 and 5 must hold, too. */
  readonly losesNothing: boolean
}

const identity = { name: 'identity', leaseMs: LEASE_MS, isIdentity: true }
const service = { name: 'service', leaseMs: LEASE_MS, isIdentity: false }

const BASE: Configuration = {
  deployment: 'one',
  signOff: 'session',
  instances: [identity],
  faults: {},
  mostMessages: 2,
  readsAtOnce: false,
  hellosAtOnce: false,
  drops: false,
  strays: false,
  timely: false,
  losesNothing: true,
}

export const CONFIGURATIONS: Readonly<Record<string, Configuration>> = {
  'one Redis, lossy pub/sub, pauses, another sign-off': { ...BASE, faults: { others: 1 } },
  'Redis restarts': { ...BASE, mostMessages: 1, faults: { crashes: 1 } },
  'long': { ...BASE, instances: [{ ...service, leaseMs: LONG_LEASE_MS }], mostMessages: 1 },
}
