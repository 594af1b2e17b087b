import type { Random } from '../random.js'
import type { World } from '../world/world.js'

/** What a fault may be done to: one process, or the Redis of all. Two faults never share one. */
export type Victim = string

/** A fault that is about to happen: to whom, how it begins and how it ends. */
export interface Fault {
  readonly kind: string
  readonly hit: readonly Victim[]
  readonly mayLose?: boolean
  /** How long it lasts. Milliseconds. */
  readonly holdMs: number
  begin(): Promise<void>
  /** Everything is as before, except for what it left behind. */
  heal(): Promise<void>
}

/** Makes a fault out of what chance says; null where this world has nothing that it could be done to. */
export type FaultMaker = (world: World, random: Random) => Fault | null

/** Shorter than a quarter of the lease, or longer than all of it: both sides of what may be noticed. */
export function someTimeMs({ leaseMs }: World, random: Random): number {
  return random.chance(0.5)
    ? random.between(20, Math.round(leaseMs / 2))
    : random.between(leaseMs, Math.round(leaseMs * 2.5))
}

export const nothing = async (): Promise<void> => undefined
