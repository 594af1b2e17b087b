import type { Redis } from 'ioredis'
import { z } from 'zod'
import { BEFORE_THE_FIRST, compareIds, idBefore } from './log-entries.js'

/** What Redis says of the stream. */
export interface LogStreamInfo {
  /** Null when there is none. */
  readonly firstId: string | null
  readonly lastId: string
  readonly length: number
  /** How many there ever were. */
  readonly added: number
}

export async function lookAtStream(redis: Pick<Redis, 'xinfo'>, key: string): Promise<LogStreamInfo> {
  try {
    const info = await redis.xinfo('STREAM', key)
    const facts = StreamInfo.parse(factsIn(z.array(z.unknown()).parse(info)))
    return {
      firstId: facts['first-entry']?.[0] ?? null,
      lastId: facts['last-generated-id'],
      length: facts.length,
      added: facts['entries-added'],
    }
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('no such key'))) throw error
    return { firstId: null, lastId: BEFORE_THE_FIRST, length: 0, added: 0 }
  }
}

export interface StreamLook extends LogStreamInfo {
  /** Whether this is not the stream that was read up to an entry, or one that has lost its end. */
  readonly isAnother: boolean
}

/**
 * Looks at a stream that was read up to `upTo`. It is another one where that entry is missing, though it was not
 * trimmed away. One without entries may yet become either.
 */
export async function lookAfter(
  redis: Pick<Redis, 'xinfo' | 'xread'>,
  key: string,
  upTo: string,
): Promise<StreamLook> {
  // One behind the other on the connection: what is trimmed in between is seen to be.
  const [found, stream] = await Promise.all([
    redis.xread('COUNT', 1, 'STREAMS', key, idBefore(upTo)),
    lookAtStream(redis, key),
  ])
  const { firstId, added, length } = stream
  const isTrimmed = firstId !== null && compareIds(firstId, upTo) > 0 && added > length
  const isGone = upTo !== BEFORE_THE_FIRST && found?.[0]?.[1]?.[0]?.[0] !== upTo
  return { ...stream, isAnother: isGone && firstId !== null && !isTrimmed }
}

/** Redis 7 and newer. */
const StreamInfo = z.object({
  length: z.number(),
  'entries-added': z.number(),
  'first-entry': z.tuple([z.string()], z.unknown()).nullable(),
  'last-generated-id': z.string(),
})

/** Names and values in turn. */
function factsIn(list: readonly unknown[]): Record<string, unknown> {
  const facts: Record<string, unknown> = {}
  for (let i = 0; i + 1 < list.length; i += 2) facts[String(list[i])] = list[i + 1]
  return facts
}
