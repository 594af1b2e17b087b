import type { Socket } from 'node:net'

/** One direction of a connection: bytes in order, which may be held back or come later. */
export interface Pipe {
  set(weather: Weather): void
}

export interface Weather {
  readonly isFrozen: boolean
  /** What comes now is thrown away. */
  readonly isLost: boolean
  readonly delayMs: number
}

interface Parcel {
  /** Null: the sender has said all it had to say. */
  readonly bytes: Buffer | null
  readonly arrivedAt: number
}

export function createPipe(from: Socket, to: Socket): Pipe {
  const underWay: Parcel[] = []
  let weather: Weather = { isFrozen: false, isLost: false, delayMs: 0 }
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
    if (bytes !== null && weather.isLost) return
    underWay.push({ bytes, arrivedAt: performance.now() })
    deliver()
  }

  function deliver(): void {
    clearTimeout(timer)
    for (let first = underWay[0]; first !== undefined && !weather.isFrozen; first = underWay[0]) {
      const early = first.arrivedAt + weather.delayMs - performance.now()
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
    set(wanted) {
      weather = wanted
      deliver()
    },
  }
}
