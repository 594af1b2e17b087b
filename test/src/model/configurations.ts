import { LEASE_MS, LONG_LEASE_MS } from './clock.js'
import type { Budget, DeploymentKind } from './deployment.js'
import type { Hellos, InstanceOptions } from './instance.js'
import type { SignOffKind } from './redis.js'

/** A small system, and what may happen to it. */
export interface Configuration {
  readonly deployment: DeploymentKind
  readonly signOff: SignOffKind
  readonly instances: readonly InstanceOptions[]
  readonly faults: Partial<Budget>
  /** How many published sign-offs may be on their way to an instance. With none, only hellos tell. */
  readonly mostMessages: number
  /** A read is one step: else its delays are explored, too. */
  readonly readsAtOnce: boolean
  readonly hellos: Hellos
  /** The coordinator asks which history Redis has even if it would learn none. */
  readonly looksAround: boolean
  /** Rows are taken off the table. */
  readonly drops: boolean
  /** Hellos that were given up may arrive all the same. */
  readonly strays: boolean
  /** Whoever lives says hello to a new history before somebody who knows nothing has waited for long enough. */
  readonly timely: boolean
  /** What is durable can't be lost: then promise 2 must hold, too. */
  readonly isBounded: boolean
  /** Nothing that anybody saw can be lost: then promise 5 must hold, too. */
  readonly losesNothing: boolean
}

const identity = { name: 'identity', leaseMs: LEASE_MS, isIdentity: true }
const service = { name: 'service', leaseMs: LEASE_MS, isIdentity: false }

const BASE: Configuration = {
  deployment: 'one',
  signOff: 'session',
  instances: [identity],
  faults: {},
  mostMessages: 1,
  readsAtOnce: false,
  hellos: 'take time',
  looksAround: false,
  drops: false,
  strays: false,
  timely: false,
  isBounded: true,
  losesNothing: true,
}

const UNSURE = { isBounded: false, losesNothing: false }
const SMALL = { readsAtOnce: true, hellos: 'are answered at once', mostMessages: 0 } as const
const SMALLER = { ...SMALL, hellos: 'take no time' } as const

export const CONFIGURATIONS: Readonly<Record<string, Configuration>> = {
  'one Redis': BASE,
  'one Redis, another sign-off': { ...BASE, mostMessages: 2, faults: { others: 1 } },
  'one Redis, looks around': { ...BASE, looksAround: true },
  'rows are dropped': { ...BASE, drops: true, looksAround: true },
  'hellos stray': { ...BASE, strays: true },
  'one service': { ...BASE, instances: [service] },
  'longer lease': { ...BASE, instances: [{ ...service, leaseMs: LONG_LEASE_MS }] },
  'machine sleeps': { ...BASE, faults: { sleeps: 2 } },
  'wall clock is set': { ...BASE, faults: { steps: 1 } },
  'Redis restarts': { ...BASE, faults: { crashes: 1 } },
  'Redis restarts twice': { ...BASE, faults: { crashes: 2 }, readsAtOnce: true },
  'Redis crashes': {
    ...BASE,
    deployment: 'one that syncs later',
    losesNothing: false,
    faults: { crashes: 1 },
  },
  'one replica': {
    ...BASE,
    deployment: 'one replica',
    losesNothing: false,
    faults: { promotions: 1 },
    readsAtOnce: true,
  },
  'two replicas': {
    ...BASE,
    ...SMALL,
    deployment: 'two replicas',
    losesNothing: false,
    faults: { promotions: 1 },
  },
  'restored, another sign-off covers it': {
    ...BASE,
    ...UNSURE,
    ...SMALL,
    timely: true,
    faults: { restores: 1, covering: 1 },
  },
  'restored, late messages': { ...BASE, ...UNSURE, timely: true, faults: { restores: 1 } },
  'restored, two instances': {
    ...BASE,
    ...UNSURE,
    ...SMALLER,
    instances: [identity, service],
    timely: true,
    faults: { restores: 1 },
  },
  'restored, a block': {
    ...BASE,
    ...UNSURE,
    ...SMALL,
    signOff: 'block',
    timely: true,
    faults: { restores: 1 },
  },
  'emptied, a block': {
    ...BASE,
    ...UNSURE,
    ...SMALL,
    signOff: 'block',
    timely: true,
    faults: { empties: 1 },
  },
  'two instances restart': { ...BASE, ...SMALLER, instances: [identity, service], faults: { crashes: 1 } },
}

export function configuration(name: string): Configuration {
  const found = CONFIGURATIONS[name]
  if (found === undefined) throw new TypeError(`there is no configuration called ${name}`)
  return found
}
