import { createStateTable } from './state-table.js'
import { createWays } from './ways.js'
import type { Step, Worlds } from './world.js'

export interface Outcome {
  readonly states: number
  readonly steps: number
  /** Null: no reachable world breaks a promise. */
  readonly violation: string | null
  /** The shortest way there, step by step. */
  readonly trace: readonly string[]
  /** Whether every reachable world was seen. */
  readonly isComplete: boolean
  /** How many worlds had what is worth to be reached. */
  readonly reached: ReadonlyMap<string, number>
}

export interface Limits {
  readonly mostStates?: number
  /** Whether it is also a violation when a good end is out of reach, though nothing more goes wrong. */
  readonly liveness?: boolean
}

/** Breadth first, so that the first violation that is met has the shortest way to it. */
export function explore(worlds: Worlds, { mostStates = 20_000_000, liveness = false }: Limits = {}): Outcome {
  const seen = createStateTable(worlds.width)
  const ways = createWays()
  const ids = new Int32Array(worlds.width)
  worlds.writeIds(worlds.initial, ids)
  seen.add(ids, -1)
  const reached = new Map<string, number>()
  let steps = 0
  for (let at = 0; at < seen.size; at++) {
    const world = worldAt(at)
    const violation = worlds.violationOf(world)
    if (violation !== null) return outcome(violation, at)
    for (const feature of worlds.featuresOf(world)) reached.set(feature, (reached.get(feature) ?? 0) + 1)
    if (seen.size > mostStates) return { ...outcome(null, 0), isComplete: false }
    for (const { next, isFault } of worlds.stepsOf(world)) {
      worlds.writeIds(next, ids)
      const state = seen.add(ids, at)
      if (liveness && !isFault) ways.add(at, state)
      steps++
    }
  }
  for (const [end, isEnd] of liveness ? worlds.goodEnds : []) {
    const stuck = ways.firstWithout(seen.size, (state) => isEnd(worldAt(state)))
    if (stuck !== null) return outcome(`${end} is out of reach`, stuck)
  }
  return { ...outcome(null, 0), isComplete: true }

  function worldAt(state: number) {
    return worlds.worldOf(seen.get(state))
  }

  function outcome(violation: string | null, at: number): Outcome {
    const trace = violation === null ? [] : traceTo(at)
    return { states: seen.size, steps, violation, trace, isComplete: false, reached }
  }

  /** Only parents were kept: what was done is found by doing it again. */
  function traceTo(at: number): string[] {
    const labels: string[] = []
    for (let state = at; seen.parent(state) >= 0; state = seen.parent(state)) {
      const wanted = String(seen.get(state))
      const isIt = ({ next }: Step) => {
        worlds.writeIds(next, ids)
        return String(ids) === wanted
      }
      labels.push(worlds.stepsOf(worldAt(seen.parent(state))).find(isIt)?.label ?? '?')
    }
    return labels.reverse()
  }
}
