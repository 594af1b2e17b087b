import { LEASE_MS, LONG_LEASE_MS } from './clock.js'
import type { Budget, DeploymentKind } from './deployment.js'
import type { InstanceOptions } from './instance.js'
import type { Hellos } from './instance-rules.js'
import type { SignOffKind } from './redis.js'

/** A small system, and what may happen to it. */
export interface Configuration {
  readonly deployment: DeploymentKind
  readonly signOff: SignOffKind
  /** Somebody else was signed off before, which those who join do not remember. */
  readonly begins: 'with nothing' | 'with a sign-off'
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
  /** Redis is restored or emptied only after the sign-off was confirmed. */
  readonly losesOnceConfirmed: boolean
  /** Nothing that anybody saw can be lost: then promise 5 must hold, too. */
  readonly losesNothing: boolean
}

/** Whose guard must have applied a sign-off before that is confirmed, and who remembers it. */
const identity = { name: 'identity', leaseMs: LEASE_MS, isIdentity: true }
const service = { name: 'service', leaseMs: LEASE_MS, isIdentity: false }

/** The coordinator is another process than the one that is looked at, and remembers all that it has to. */
const BASE: Configuration = {
  deployment: 'one',
  signOff: 'session',
  begins: 'with nothing',
  instances: [service],
  faults: {},
  mostMessages: 1,
  readsAtOnce: false,
  hellos: 'take time',
  looksAround: false,
  drops: false,
  strays: false,
  timely: false,
  isBounded: true,
  losesOnceConfirmed: false,
  losesNothing: true,
}

const SMALL = { readsAtOnce: true, hellos: 'are answered at once', mostMessages: 0 } as const
const SMALLER = { ...SMALL, hellos: 'take no time' } as const
const LOSSY: Configuration = { ...BASE, losesNothing: false, instances: [identity] }
const OPERATED: Configuration = { ...LOSSY, ...SMALL, isBounded: false, timely: true }
const RESTORED_LATE: Configuration = {
  ...LOSSY,
  isBounded: false,
  timely: true,
  readsAtOnce: true,
  losesOnceConfirmed: true,
}

export const CONFIGURATIONS: Readonly<Record<string, Configuration>> = {
  'one Redis': BASE,
  'one Redis, identity itself': { ...BASE, instances: [identity] },
  'one Redis, another sign-off': { ...BASE, mostMessages: 2, faults: { others: 1 } },
  'one Redis, looks around': { ...BASE, looksAround: true },
  'rows are dropped': { ...BASE, drops: true, looksAround: true },
  'hellos stray': { ...BASE, strays: true },
  'longer lease': { ...BASE, instances: [{ ...service, leaseMs: LONG_LEASE_MS }] },
  'machine sleeps': { ...BASE, faults: { sleeps: 2 } },
  'wall clock is set': { ...BASE, faults: { steps: 1 } },
  'Redis restarts': { ...BASE, faults: { crashes: 1 } },
  'Redis restarts twice': { ...BASE, faults: { crashes: 2 }, readsAtOnce: true },
  'two instances restart': { ...BASE, ...SMALLER, instances: [identity, service], faults: { crashes: 1 } },
  'Redis crashes': { ...LOSSY, deployment: 'one that syncs later', faults: { crashes: 1 } },
  'Redis crashes, and so does who knew': {
    ...LOSSY,
    ...SMALL,
    deployment: 'one that syncs later',
    instances: [service],
    faults: { crashes: 1, restarts: 1 },
  },
  'one replica': {
    ...LOSSY,
    deployment: 'one replica',
    faults: { promotions: 1 },
    readsAtOnce: true,
  },
  'two replicas': { ...LOSSY, ...SMALLER, deployment: 'two replicas', faults: { promotions: 1 } },
  'two replicas, and who knew restarts': {
    ...LOSSY,
    ...SMALLER,
    deployment: 'two replicas',
    instances: [service],
    faults: { promotions: 1, restarts: 1 },
  },
  'restored, another sign-off covers it': { ...OPERATED, faults: { restores: 1, covering: 1 } },
  'restored, late messages': { ...LOSSY, isBounded: false, timely: true, faults: { restores: 1 } },
  'restored, a message and a clock': { ...RESTORED_LATE, faults: { restores: 1, steps: 1 } },
  'restored, a message and rows': {
    ...RESTORED_LATE,
    drops: true,
    looksAround: true,
    faults: { restores: 1 },
  },
  'restored, two instances': {
    ...OPERATED,
    ...SMALLER,
    instances: [identity, service],
    faults: { restores: 1 },
  },
  'restored, wall clock is set': { ...OPERATED, faults: { restores: 1, steps: 1 } },
  'restored, a block': { ...OPERATED, signOff: 'block', faults: { restores: 1 } },
  'emptied, a block': { ...OPERATED, signOff: 'block', faults: { empties: 1 } },
  'emptied, a block, not all is remembered': {
    ...OPERATED,
    signOff: 'block',
    begins: 'with a sign-off',
    faults: { empties: 1 },
  },
  'emptied, a block, a newcomer': {
    ...OPERATED,
    signOff: 'block',
    begins: 'with a sign-off',
    instances: [identity, { ...identity, name: 'newcomer', comes: 'with the second history' }],
    losesOnceConfirmed: true,
    faults: { empties: 1 },
  },
  'emptied, a block, one that has just joined': {
    ...OPERATED,
    signOff: 'block',
    instances: [identity, { ...identity, name: 'newcomer', comes: 'once confirmed' }],
    begins: 'with a sign-off',
    losesOnceConfirmed: true,
    faults: { empties: 1 },
  },
  'restored, a block, one that has just joined': {
    ...OPERATED,
    signOff: 'block',
    begins: 'with a sign-off',
    instances: [identity, { ...identity, name: 'newcomer', comes: 'once confirmed' }],
    losesOnceConfirmed: true,
    faults: { restores: 1 },
  },
  'emptied, a block, late messages': {
    ...OPERATED,
    signOff: 'block',
    mostMessages: 1,
    faults: { empties: 1 },
  },
  'emptied, a block, wall clock is set': {
    ...OPERATED,
    signOff: 'block',
    losesOnceConfirmed: true,
    faults: { empties: 1, steps: 1 },
  },
  'emptied, a block, hellos stray': {
    ...OPERATED,
    signOff: 'block',
    strays: true,
    losesOnceConfirmed: true,
    faults: { empties: 1 },
  },
}

const other = { ...service, name: 'other', leaseMs: LONG_LEASE_MS }
const CROWDED = {
  instances: [identity, service, other],
  mostMessages: 2,
  looksAround: true,
  drops: true,
} as const

/** Too large to be explored: they are walked through at random, with more instances and more faults at once. */
export const LARGE: Readonly<Record<string, Configuration>> = {
  'one Redis restarts, and much else': {
    ...BASE,
    ...CROWDED,
    strays: true,
    faults: { crashes: 2, sleeps: 2, steps: 1, others: 2 },
  },
  'two replicas, and much else': {
    ...LOSSY,
    ...CROWDED,
    deployment: 'two replicas',
    strays: true,
    faults: { promotions: 1, sleeps: 1, steps: 1 },
  },
  'restored, and much else': {
    ...LOSSY,
    ...CROWDED,
    isBounded: false,
    timely: true,
    faults: { restores: 1, sleeps: 1, steps: 1 },
  },
  'emptied, a block, and much else': {
    ...OPERATED,
    ...CROWDED,
    signOff: 'block',
    faults: { empties: 1, steps: 1 },
  },
}

export function configuration(name: string): Configuration {
  const found = CONFIGURATIONS[name]
  if (found === undefined) throw new TypeError(`there is no configuration called ${name}`)
  return found
}
