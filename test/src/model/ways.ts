/** Which state leads to which. */
export function createWays() {
  let from = new Int32Array(1024)
  let to = new Int32Array(1024)
  let size = 0

  function grown(ways: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
    const more = new Int32Array(ways.length * 2)
    more.set(ways)
    return more
  }

  return {
    add(start: number, end: number): void {
      if (size === from.length) {
        from = grown(from)
        to = grown(to)
      }
      from[size] = start
      to[size] = end
      size++
    },

    /** The first state from which none that `isEnd` can be reached; null when there is none. */
    firstWithout(states: number, isEnd: (state: number) => boolean): number | null {
      // Where the ways that lead to a state begin in the list of them, sorted by where they lead.
      const begins = new Int32Array(states + 1)
      for (let way = 0; way < size; way++) begins[(to[way] ?? 0) + 1] = (begins[(to[way] ?? 0) + 1] ?? 0) + 1
      for (let state = 0; state < states; state++) {
        begins[state + 1] = (begins[state + 1] ?? 0) + (begins[state] ?? 0)
      }
      const next = begins.slice()
      const sources = new Int32Array(size)
      for (let way = 0; way < size; way++) {
        const end = to[way] ?? 0
        const place = next[end] ?? 0
        sources[place] = from[way] ?? 0
        next[end] = place + 1
      }

      const reaches = new Uint8Array(states)
      const waiting = new Int32Array(states)
      let waits = 0
      const reach = (state: number) => {
        if (reaches[state] === 1) return
        reaches[state] = 1
        waiting[waits++] = state
      }
      for (let state = 0; state < states; state++) if (isEnd(state)) reach(state)
      while (waits > 0) {
        const state = waiting[--waits] ?? 0
        for (let way = begins[state] ?? 0; way < (begins[state + 1] ?? 0); way++) reach(sources[way] ?? 0)
      }
      const stuck = reaches.indexOf(0)
      return stuck === -1 ? null : stuck
    },
  }
}
