import { createHash } from 'node:crypto'
import { evaluate } from '@curfew/guard/evaluate'
import type { Redis } from 'ioredis'

/** Runs a script, and resolves with its reply once what it wrote can't be lost any more; throws otherwise. */
export type RecordDurably = (
  script: string,
  keys: readonly string[],
  args: ReadonlyArray<string | number>,
) => Promise<unknown>

/** It may have happened, but could still be lost: nothing may be promised. Trying again is safe. */
export class NotDurable extends Error {
  constructor(replicas: number, wanted: number) {
    super(`only ${replicas} of ${wanted} replicas have it`)
    this.name = 'NotDurable'
  }
}

/** One Redis that runs with `appendfsync always`: what it answers is on disk. */
export function recordOnDisk(redis: Redis): RecordDurably {
  return (script, keys, args) => evaluate(redis, script, keys, args)
}

export interface RecordOnReplicasOptions {
  /**
   * A connection of its own, since `WAIT` blocks it: without an offline queue and without resending, so that
   * both commands fail together when it is lost.
   */
  readonly redis: Redis
  /** How many data nodes there are besides the master. All of them must have it, since any may be promoted. */
  readonly replicas: number
  /** Milliseconds. */
  readonly timeoutMs: number
  /** A key with a number, to which nothing is added: see below. */
  readonly touch: string
}

/**
 * A master with replicas: the script, and right behind it on the same socket `WAIT` for all of them. `WAIT`
 * speaks of the writes of its own connection: on another one it would answer at once, and say nothing.
 *
 * One at a time is under way; what comes meanwhile goes together behind it, so that a missing replica delays
 * each by two timeouts at the most, and not by the sum of all.
 */
export function recordOnReplicas({
  redis,
  replicas,
  timeoutMs,
  touch,
}: RecordOnReplicasOptions): RecordDurably {
  /** Digests that the master has answered to. */
  const known = new Set<string>()
  let next: Call[] = []
  let isUnderWay = false

  async function sendAll(): Promise<void> {
    isUnderWay = true
    while (next.length > 0) {
      const calls = next
      next = []
      try {
        settle(calls, await send(calls))
      } catch (error) {
        for (const { reject } of calls) reject(error)
      }
    }
    isUnderWay = false
  }

  async function send(calls: readonly Call[]): Promise<Array<[Error | null, unknown]>> {
    const pipeline = redis.pipeline()
    for (const { script, digest, keys, args } of calls) {
      if (known.has(digest)) pipeline.evalsha(digest, keys.length, ...keys, ...args)
      else pipeline.eval(script, keys.length, ...keys, ...args)
    }
    // WAIT speaks of this connection's writes, and a script that finds everything done writes nothing: the write
    // that did it may have been another connection's. So there is one behind them all, which comes after it.
    const results = await pipeline.incrby(touch, 0).wait(replicas, timeoutMs).exec()
    if (results?.length !== calls.length + 2) throw new Error('the connection was lost')
    return results
  }

  function settle(calls: readonly Call[], results: Array<[Error | null, unknown]>): void {
    const [touchFailed] = results.at(-2) ?? [null]
    const [waitFailed, have] = results.at(-1) ?? [null, 0]
    for (const [i, call] of calls.entries()) {
      const [failed, reply] = results[i] ?? [null, null]
      if (failed?.message.startsWith('NOSCRIPT')) {
        // A new master knows no scripts. It wrote nothing.
        known.delete(call.digest)
        next.push(call)
        continue
      }
      if (failed === null) known.add(call.digest)
      const error = failed ?? touchFailed ?? waitFailed
      if (error) call.reject(error)
      else if (Number(have) < replicas) call.reject(new NotDurable(Number(have), replicas))
      else call.resolve(reply)
    }
  }

  return (script, keys, args) =>
    new Promise((resolve, reject) => {
      const digest = createHash('sha1').update(script).digest('hex')
      next.push({ script, digest, keys, args, resolve, reject })
      if (!isUnderWay) void sendAll()
    })
}

interface Call {
  readonly script: string
  readonly digest: string
  readonly keys: readonly string[]
  readonly args: ReadonlyArray<string | number>
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: unknown) => void
}
