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
}

/** Breadth first, so that the first violation that is met has the shortest way to it. */
export function explore(worlds: Worlds, mostStates = 20_000_000): Outcome {
  const seen = createStateTable(worlds.width)
  const ids = new Int32Array(worlds.width)
  worlds.writeIds(worlds.initial, ids)
  seen.add(ids, -1)
  let steps = 0
  for (let at = 0; at < seen.size; at++) {
    const world = worlds.worldOf(seen.get(at))
    const violation = worlds.violationOf(world)
    if (violation !== null)
      return { states: seen.size, steps, violation, trace: traceTo(at), isComplete: false }
    if (seen.size > mostStates)
      return { states: seen.size, steps, violation: null, trace: [], isComplete: false }
    for (const { next } of worlds.stepsOf(world)) {
      worlds.writeIds(next, ids)
      seen.add(ids, at)
      steps++
    }
  }
  return { states: seen.size, steps, violation: null, trace: [], isComplete: true }

  /** Only parents were kept: what was done is found by doing it again. */
  function traceTo(at: number): string[] {
    const labels: string[] = []
    for (let state = at; seen.parent(state) >= 0; state = seen.parent(state)) {
      const wanted = String(seen.get(state))
      const isIt = ({ next }: Step) => {
        worlds.writeIds(next, ids)
        return String(ids) === wanted
      }
      const step = worlds.stepsOf(worlds.worldOf(seen.get(seen.parent(state)))).find(isIt)
      labels.push(step?.label ?? '?')
    }
    return labels.reverse()
  }
}

/** Sets of `width` numbers, each once, with the state from which it was reached first. */
function createStateTable(width: number) {
  let states = new Int32Array(width * 1024)
  let parents = new Int32Array(1024)
  let slots = new Int32Array(4096).fill(-1)
  let size = 0

  function hashOf(ids: Int32Array, offset: number): number {
    let hash = 0x9e3779b9
    for (let i = 0; i < width; i++) {
      hash = Math.imul(hash ^ (ids[offset + i] ?? 0), 0x85ebca6b)
      hash ^= hash >>> 13
    }
    hash = Math.imul(hash, 0xc2b2ae35)
    return (hash ^ (hash >>> 16)) >>> 0
  }

  function slotOf(ids: Int32Array, offset: number): number {
    const mask = slots.length - 1
    let slot = hashOf(ids, offset) & mask
    for (;;) {
      const state = slots[slot] ?? -1
      if (state === -1 || isEqual(state, ids, offset)) return slot
      slot = (slot + 1) & mask
    }
  }

  function isEqual(state: number, ids: Int32Array, offset: number): boolean {
    for (let i = 0; i < width; i++) if (states[state * width + i] !== ids[offset + i]) return false
    return true
  }

  function grow(): void {
    if (size === parents.length) {
      const [oldStates, oldParents] = [states, parents]
      states = new Int32Array(oldStates.length * 2)
      states.set(oldStates)
      parents = new Int32Array(oldParents.length * 2)
      parents.set(oldParents)
    }
    if (size * 2 < slots.length) return
    slots = new Int32Array(slots.length * 2).fill(-1)
    for (let state = 0; state < size; state++) slots[slotOf(states, state * width)] = state
  }

  return {
    add(ids: Int32Array, parent: number): number {
      const slot = slotOf(ids, 0)
      const known = slots[slot] ?? -1
      if (known !== -1) return known
      const state = size
      states.set(ids, state * width)
      parents[state] = parent
      slots[slot] = state
      size++
      grow()
      return state
    },
    get: (state: number) => states.subarray(state * width, (state + 1) * width),
    parent: (state: number) => parents[state] ?? -1,
    get size() {
      return size
    },
  }
}
