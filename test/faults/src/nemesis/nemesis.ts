import { setTimeout as pause } from 'node:timers/promises'
import type { History } from '../history/history.js'
import type { Random } from '../random.js'
import type { World } from '../world/world.js'
import type { Fault, FaultMaker, Victim } from './fault.js'
import type { WeightedFaults } from './faults-of.js'

export interface NemesisOptions {
  readonly world: World
  readonly history: History
  readonly random: Random
  /** How often each fault comes, against the others. */
  readonly faults: WeightedFaults
  /** How many at the same time, at the most. */
  readonly atOnce: number
  /** The longest calm between two faults of a row. Milliseconds. */
  readonly calmMs: number
}

/** Does one fault after another, in several rows at once, until `over`; and heals them all. */
export async function torment(options: NemesisOptions, over: AbortSignal): Promise<void> {
  const { world, history, random, faults, atOnce, calmMs } = options
  const hit = new Set<Victim>()

  async function row(own: Random): Promise<void> {
    while (!over.aborted) {
      await rest(own.between(50, calmMs), over)
      const fault = choose(faults, own)(world, own)
      if (over.aborted || fault === null || fault.hit.some((one) => hit.has(one))) continue
      for (const one of fault.hit) hit.add(one)
      await suffer(fault)
      for (const one of fault.hit) hit.delete(one)
    }
  }

  async function suffer(fault: Fault): Promise<void> {
    const start = history.now()
    await fault.begin()
    await rest(fault.holdMs, over)
    await fault.heal()
    history.record({
      op: 'fault',
      id: history.nextId('fault'),
      kind: fault.kind,
      hit: fault.hit,
      mayLose: fault.mayLose ?? false,
      start,
      end: history.now(),
    })
  }

  await Promise.all(Array.from({ length: atOnce }, (_, index) => row(random.fork(`row-${index}`))))
}

function choose(faults: WeightedFaults, random: Random): FaultMaker {
  const weights = Object.fromEntries(faults.map(([weight], index) => [String(index), weight]))
  const [, make] = faults[Number(random.weigh(weights))] ?? []
  if (make === undefined) throw new RangeError('there are no faults')
  return make
}

/** Waits, but no longer than until it is over. */
async function rest(ms: number, over: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal: over }).catch((error: unknown) => {
    if (!over.aborted) throw error
  })
}
