import { evaluate } from '@curfew/guard/evaluate'
import type { Redis } from 'ioredis'

/** Runs a script, and resolves with its reply once what it wrote can't be lost any more; throws otherwise. */
export type RecordDurably = (
  script: string,
  keys: readonly string[],
  args: ReadonlyArray<string | number>,
) => Promise<unknown>

/** One Redis that runs with `appendfsync always`: what it answers is on disk. */
export function recordOnDisk(redis: Redis): RecordDurably {
  return (script, keys, args) => evaluate(redis, script, keys, args)
}
