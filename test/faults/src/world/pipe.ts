import type { Socket } from 'node:net'

/** One direction of a connection: bytes in order, which may be held back or come later. */
export interface Pipe {
  set(weather: { isFrozen: boolean; delayMs: number }): void
}

interface Parcel {
  /** Null: the sender has said all it had to say. */
  readonly bytes: Buffer | null
  readonly arrivedAt: number
}

export function createPipe(from: Socket, to: Socket): Pipe {
  const underWay: Parcel[] = []
  let isFrozen = false
  let delayMs = 0
  let timer: NodeJS.Timeout | undefined

  from.on('data', (bytes: Buffer) => take(bytes))
  from.on('end', () => take(null))
  // Gone without a word: what it said before is still under way.
  from.on('close', () => take(null))
  to.on('close', () => {
    clearTimeout(timer)
    underWay.length = 0
  })

  function take(bytes: Buffer | null): void {
    underWay.push({ bytes, arrivedAt: performance.now() })
    deliver()
  }

  function deliver(): void {
    clearTimeout(timer)
    for (let first = underWay[0]; first !== undefined && !isFrozen; first = underWay[0]) {
      const early = first.arrivedAt + delayMs - performance.now()
      if (early > 0) {
        timer = setTimeout(deliver, Math.ceil(early))
        return
      }
      underWay.shift()
      if (to.destroyed) return
      if (first.bytes === null) to.end()
      else to.write(first.bytes)
    }
  }

  return {
    set(weather) {
      isFrozen = weather.isFrozen
      delayMs = weather.delayMs
      deliver()
    },
  }
}
