/** Sets of `width` numbers, each once, with the state from which it was reached first. */
export function createStateTable(width: number) {
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
