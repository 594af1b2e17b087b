import { createHash } from 'node:crypto'
import { createEvent } from '@curfew/contract'
import { millisecondsOf } from './log-entries.js'
import type { StreamedEvent } from './store/log-store.js'

/**
 * The fact that entries between two ids of the stream were lost. Whoever sees the same says the same: its id is made
 * from the two, so that it is kept once.
 */
export function interruption(after: string, before: string): StreamedEvent {
  const event = createEvent('events', 'log.interrupted', null, { actor: 'system', after, before })
  return {
    streamId: before,
    json: JSON.stringify({
      ...event,
      id: uuidOf(`log.interrupted ${after} ${before}`),
      // When what comes next came: what is missing is older.
      time: new Date(millisecondsOf(before)).toISOString(),
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
