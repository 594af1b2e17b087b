import { createHash } from 'node:crypto'
import { createEvent } from '@curfew/contract'
import { compareIds, momentOf } from './log-entries.js'
import type { StreamedEvent } from './store/log-store.js'

export interface Interruption {
  /** The stream ids between which entries are missing, or may be. */
  readonly after: string
  readonly before: string
  /** Another stream is there than the one that was kept, and `before` is its first entry. Else Redis had forgotten some. */
  readonly reason?: 'stream-replaced'
}

/**
 * The fact that entries of the stream were lost, or may have been. Whoever sees the same says the same: its id is made
 * from the two stream ids, so that it is kept once.
 */
export function interruption({ after, before, reason }: Interruption): StreamedEvent {
  const why = reason === undefined ? {} : { reason }
  const event = createEvent('events', 'log.interrupted', null, { actor: 'system', after, before, ...why })
  // What comes next: what is missing is older. Another stream may begin with ids that are older still.
  const streamId = compareIds(after, before) > 0 ? after : before
  return {
    streamId,
    json: JSON.stringify({
      ...event,
      id: uuidOf(`log.interrupted ${after} ${before}`),
      time: new Date(momentOf(streamId) ?? Date.now()).toISOString(),
    }),
  }
}

/** @see RFC 9562 section 5.8, UUID version 8 */
function uuidOf(name: string): string {
  const bytes = createHash('sha256').update(name).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
