import { z } from 'zod'

const text = z.string().nullable()
const place = z.coerce.number().nullable()

/** A whole entry, as both databases name its columns. */
export const LinkRow = z
  .object({
    position: z.coerce.number(),
    hash: z.string(),
    stream_id: z.string(),
    streamed_ms: z.coerce.number(),
    json: z.string(),
    event_id: z.string(),
    type: z.string(),
    source: z.string(),
    time_ms: z.coerce.number().nullable(),
    user_id: text,
    ref: text,
    actor: text,
    ip: text,
    reason: text,
    correlation_id: text,
    first_of_hour: place,
    last_of_hour: place,
  })
  .transform((row) => ({
    position: row.position,
    hash: row.hash,
    streamId: row.stream_id,
    streamedMs: row.streamed_ms,
    json: row.json,
    hour: { first: row.first_of_hour, last: row.last_of_hour },
    facts: {
      eventId: row.event_id,
      type: row.type,
      source: row.source,
      timeMs: row.time_ms,
      user: row.user_id,
      ref: row.ref,
      actor: row.actor,
      ip: row.ip,
      reason: row.reason,
      correlationId: row.correlation_id,
    },
  }))
