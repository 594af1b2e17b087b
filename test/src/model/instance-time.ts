import type { Instant } from '@curfew/guard/following'
import { type Clock, TICK_MS } from './clock.js'
import type { Instance } from './instance.js'
import type { Memory } from './recovery.js'

/** A tick later. `asleep`: the machine slept, and its monotonic clock with it. */
export function aged(instance: Instance, clock: Clock, asleep = false): Instance {
  const later = (at: Instant) => (asleep ? clock.stepWall(at, TICK_MS) : clock.ageInstant(at))
  return withInstants(instance, later, (ms) => (asleep ? ms : clock.wait(ms)))
}

/** Its wall clock is set. */
export function stepped(instance: Instance, clock: Clock, stepMs: number): Instance {
  return withInstants(
    instance,
    (at) => clock.stepWall(at, stepMs),
    (ms) => ms,
  )
}

function withInstants(
  instance: Instance,
  later: (at: Instant) => Instant,
  age: (ms: number) => number,
): Instance {
  const { following, hello, memory } = instance
  const { leasedAt, closed } = following
  return {
    ...instance,
    following: {
      ...following,
      leasedAt: leasedAt && later(leasedAt),
      closed: closed && { ...closed, metAt: waited(later(closed.metAt).monotonicMs) },
    },
    hello: hello && { ...hello, sentAt: later(hello.sentAt) },
    memory: memory && {
      ...memory,
      behindSince: memory.behindSince && goneOn(memory.behindSince),
    },
  }

  /** Whoever is not told for a tick was not behind any more: closed anew, everybody gets their time anew. */
  function goneOn({ history, atMs, toldMs }: NonNullable<Memory['behindSince']>): Memory['behindSince'] {
    const toldAt = age(toldMs)
    return toldAt < -TICK_MS ? null : { history, atMs: age(atMs), toldMs: toldAt }
  }
}

/** Whoever waits for others to come does so for less than a tick, and does not look at the wall clock. */
function waited(ms: number): Instant {
  const atMs = Math.max(-TICK_MS, ms)
  return { monotonicMs: atMs, wallMs: atMs }
}
