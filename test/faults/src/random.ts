/** Decisions that a seed repeats. Times differ from run to run, so a run is repeated in its kind, not in its course. */
export interface Random {
  /** From 0 up to, and without, 1. */
  next(): number
  /** A whole number between the two, both included. */
  between(least: number, most: number): number
  chance(probability: number): boolean
  /** @throws {RangeError} on an empty list */
  pick<T>(from: readonly T[]): T
  /** Picks by weight. */
  weigh<T extends string>(weights: Readonly<Record<T, number>>): T
  /** A stream of its own, so that what one part draws changes nothing for the others. */
  fork(name: string): Random
}

export function createRandom(seed: number, name = ''): Random {
  let state = hash(`${seed} ${name}`)

  /** mulberry32: 32 bits of state are plenty here. */
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1))

  return {
    next,
    between,
    chance: (probability) => next() < probability,
    pick<T>(from: readonly T[]): T {
      const picked = from[between(0, from.length - 1)]
      if (picked === undefined) throw new RangeError('there is nothing to pick from')
      return picked
    },
    weigh<T extends string>(weights: Readonly<Record<T, number>>): T {
      const names = namesOf(weights)
      let left = next() * names.reduce((sum, one) => sum + weights[one], 0)
      for (const one of names) {
        left -= weights[one]
        if (left < 0) return one
      }
      throw new RangeError('there is nothing to weigh')
    },
    fork: (child) => createRandom(seed, `${name}/${child}`),
  }
}

function namesOf<T extends string>(weights: Readonly<Record<T, number>>): T[] {
  const names: T[] = []
  for (const one in weights) names.push(one)
  return names
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (const letter of text) value = Math.imul(value ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return value
}
