import { refOf } from '@curfew/contract'
import { z } from 'zod'
import type { Curfew } from '../curfew.js'
import { sessionIdOf } from '../logins.js'
import { digits, table } from '../markdown.js'
import type { Progress } from '../measurement.js'
import type { Scale } from '../scale.js'
import type { Written } from './many-sessions.js'
import { startReader } from './reader.js'

/** What a session takes: of Redis' memory, and of the heap of a guard that has it in memory. */
export async function gauge(
  curfew: Curfew,
  written: Written,
  { leaseMs, storedSessions, cachedSessions }: Scale,
  progress: Progress,
) {
  progress(`reading ${cachedSessions.toLocaleString('en')} sessions into the memory of a guard`)
  await using reader = await startReader(curfew, leaseMs, cachedSessions)
  const emptyHeap = await reader.ask('heap', z.number())
  const entries = await reader.ask('remember', z.number(), cachedSessions)
  const cachedBytes = ((await reader.ask('heap', z.number())) - emptyHeap) / entries
  await reader.ask('close', z.undefined())

  const { redis, keys } = curfew
  const ref = refOf(sessionIdOf(0))
  const bytesOf = async (key: string) => Number(await redis.memory('USAGE', key))
  const count = (n: number) => Math.round(n).toLocaleString('en')
  const size = table(
    ['a session takes', 'bytes'],
    [
      [`in a guard with ${count(entries)} in memory`, count(cachedBytes)],
      ['in Redis, with tokens, user and indices', count(written.bytesEach)],
      ['of that its record', count(await bytesOf(keys.session(ref)))],
      ['of that its sealed tokens', count(await bytesOf(keys.tokens(ref)))],
    ],
  )
  const stored = `${count(storedSessions)} sessions, of as many users, take ${digits(written.bytes / 2 ** 30)} GB of Redis. They were written in ${digits(written.tookMs / 1_000)} s, ${count(storedSessions / (written.tookMs / 1_000))} a second, and were in the append-only file ${digits(written.onDiskMs / 1_000)} s later.`
  return {
    markdown: [size, stored].join('\n\n'),
    figures: {
      bytesPerCachedSession: cachedBytes,
      bytesPerStoredSession: written.bytesEach,
      storedSessions,
      redisBytes: written.bytes,
    },
  }
}
