import { randomBytes } from 'node:crypto'
import { isRecord, isString } from './shape.js'

/** The row of an instance in the table of members: who must acknowledge a sign-off. */
export interface Member {
  readonly id: string
  readonly service: string
  /** What runs there, as it says of itself: for people to look at. Absent where it says nothing. */
  readonly version?: string
  /** The history it follows. Its lease in any other history is not one. */
  readonly history: string
  /** Every sign-off of that history up to this sequence has been applied here. */
  readonly acknowledged: number
  /** The number of its newest hello: a row that does not change for a whole lease belongs to nobody. */
  readonly renewals: number
  /** How long it may answer from memory after a hello. The bound of a sign-off follows the longest. */
  readonly leaseMs: number
  /** When Redis answered its newest hello, by Redis' clock, epoch milliseconds; 0 where it is not said. For people to look at, and nothing else. */
  readonly renewedAt: number
  /** The newest sign-offs of which a hook failed or hung here. */
  readonly hooksFailed: readonly number[]
}

/** Reads the row of instance `id`. Null when it is not one. */
export function parseMember(id: string, json: string): Member | null {
  return memberIn(fieldsOf(json), id)
}

function memberIn(row: Record<string, unknown>, id: string): Member | null {
  const { service, version, history, acknowledged, renewals, leaseMs } = row
  const renewedAt = typeof row['renewedAt'] === 'number' ? row['renewedAt'] : 0
  // An empty list of Lua's is an empty object in JSON.
  const hooksFailed = Array.isArray(row['hooksFailed']) ? row['hooksFailed'].filter(Number.isSafeInteger) : []
  if (
    !isString(service) ||
    !isString(history) ||
    typeof acknowledged !== 'number' ||
    typeof renewals !== 'number' ||
    typeof leaseMs !== 'number'
  ) {
    return null
  }
  const member = { id, service, history, acknowledged, renewals, leaseMs, renewedAt, hooksFailed }
  return isString(version) ? { ...member, version } : member
}

/**
 * Reads the row of instance `id`, for who waits for its word. One that can't be read may be that of another version, which
 * answers from memory all the same: then it has a lease in this history, and has acknowledged nothing. Its lease is as long
 * as it says there; 0 where it doesn't, so that whoever waits does so for a lease of their own.
 */
export function parseAwaited(id: string, json: string, history: string): Member {
  const row = fieldsOf(json)
  const leaseMs = typeof row['leaseMs'] === 'number' ? row['leaseMs'] : 0
  return memberIn(row, id) ?? { ...UNREADABLE, id, history, leaseMs }
}

const UNREADABLE = { service: 'unknown', acknowledged: 0, renewals: 0, renewedAt: 0, hooksFailed: [] }

/** None, when it is no JSON object. */
function fieldsOf(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json)
    return isRecord(value) ? value : {}
  } catch {
    return {}
  }
}

/** A name for a process: random digits tell it from all that were called the same before it. */
export function instanceName(name: string): string {
  return `${name}-${randomBytes(5).toString('hex')}`
}

export function isInstanceName(text: string): boolean {
  return /^[A-Za-z0-9][\w.-]*-[\da-f]{10}$/.test(text)
}
