/**
 * A value that was met, under the number it got. Equal values are one object, so that a state of the world is a
 * few small numbers, and what follows from a part of it is worked out once.
 */
export interface Known<T> {
  readonly id: number
  readonly value: T
}

export interface Catalogue<T> {
  know(value: T): Known<T>
  get(id: number): Known<T>
}

export function createCatalogue<T>(keyOf: (value: T) => string): Catalogue<T> {
  const ids = new Map<string, number>()
  const all: Known<T>[] = []

  return {
    know(value) {
      const key = keyOf(value)
      const known = all[ids.get(key) ?? -1]
      if (known !== undefined) return known
      const added = { id: all.length, value }
      ids.set(key, added.id)
      all.push(added)
      return added
    },
    get(id) {
      const known = all[id]
      if (known === undefined) throw new TypeError(`nothing has the number ${id}`)
      return known
    },
  }
}

/** Works `result` out once for each value. */
export function once<A, R>(result: (a: A) => R): (a: Known<A>) => R {
  const results: R[] = []
  return (a) => {
    results[a.id] ??= result(a.value)
    return results[a.id]!
  }
}

/** Works `result` out once for each pair. */
export function oncePerPair<A, B, R>(result: (a: A, b: B) => R): (a: Known<A>, b: Known<B>) => R {
  const results: Array<Map<number, R>> = []
  return (a, b) => {
    const ofA = results[a.id] ?? new Map<number, R>()
    results[a.id] = ofA
    const known = ofA.get(b.id)
    if (known !== undefined) return known
    const worked = result(a.value, b.value)
    ofA.set(b.id, worked)
    return worked
  }
}
