import { eventually } from '@curfew/testing'
import type { Redis } from 'ioredis'
import type { Logins } from '../logins.js'
import type { Progress } from '../measurement.js'

export interface Written {
  readonly tookMs: number
  /** What a session takes of Redis' memory, with its tokens, its user and every index. Bytes. */
  readonly bytesEach: number
  /** All that Redis uses. Bytes. */
  readonly bytes: number
  /** How long it took to write all of it into the append-only file. Milliseconds. */
  readonly onDiskMs: number
}

const IN_A_ROW = 10_000

/**
 * Signs in so many users, into a Redis that has no sessions yet: by identity's own code, but without waiting for the disk
 * each time. Afterwards everything is on disk, and each write is waited for again.
 */
export async function writeManySessions(
  { redis, logins, logKey }: { redis: Redis; logins: Logins; logKey: string },
  count: number,
  progress: Progress,
): Promise<Written> {
  const before = await usedMemory(redis)
  await redis.config('SET', 'appendonly', 'no')
  const startedAt = performance.now()
  for (let written = 0; written < count; written += IN_A_ROW) {
    progress(`writing sessions, ${written.toLocaleString('en')} of ${count.toLocaleString('en')}`)
    await logins.logInMany(Math.min(IN_A_ROW, count - written))
  }
  const tookMs = performance.now() - startedAt
  const bytes = await usedMemory(redis)
  // The log has a length of its own, however many sessions there are.
  const log = Number(await redis.memory('USAGE', logKey, 'SAMPLES', 0))

  progress('writing them to disk')
  const appendedAt = performance.now()
  await redis.config('SET', 'appendonly', 'yes')
  await eventually(() => isOnDisk(redis), { within: 10 * 60_000 })
  return {
    tookMs,
    bytesEach: (bytes - before - log) / count,
    bytes,
    onDiskMs: performance.now() - appendedAt,
  }
}

async function usedMemory(redis: Redis): Promise<number> {
  return Number(await infoOf(redis, 'memory', 'used_memory'))
}

async function isOnDisk(redis: Redis): Promise<boolean> {
  const fields = ['aof_rewrite_in_progress', 'aof_rewrite_scheduled']
  const states = await Promise.all(fields.map((field) => infoOf(redis, 'persistence', field)))
  return states.every((state) => state === '0')
}

async function infoOf(redis: Redis, section: string, field: string): Promise<string> {
  const line = (await redis.info(section)).split('\r\n').find((line) => line.startsWith(`${field}:`))
  if (line === undefined) throw new Error(`Redis says nothing of ${field}`)
  return line.slice(field.length + 1)
}
