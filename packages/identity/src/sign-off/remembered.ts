import { setTimeout as pause } from 'node:timers/promises'
import {
  type Keys,
  LUA_HISTORY_AND_HEAD,
  nonceCandidate,
  type SignOff,
  type TargetOfOne,
} from '@curfew/contract'
import type { Guard, SignOffHeard } from '@curfew/guard'
import { evaluate } from '@curfew/guard/evaluate'
import type { Redis } from 'ioredis'
import { z } from 'zod'

/**
 * What identity remembers in case Redis forgets: the newest sign-offs, and who is blocked.
 *
 * Kept in memory by each identity process, as its guard hears of it; a block before it is acknowledged, so
 * that no block is confirmed which a living identity does not know.
 */
export interface Remembered {
  /** The sign-offs after `after` and up to `upTo`; null when not all of them are remembered. */
  between(after: number, upTo: number): ReadonlyArray<SignOff<TargetOfOne>> | null
  /** Up to which sign-off of which history every block is known; null while that has to be found out. */
  readonly upTo: { readonly history: string; readonly sequence: number } | null
  /** The stored rows of the users who are blocked, by id. */
  readonly blocked: ReadonlyMap<string, UserRow>
  /** A block was lifted. */
  forget(userId: string): void
  /** Reads again who is blocked. Believes nobody but the Redis that its guard follows. */
  refresh(): Promise<void>
  close(): void
}

export type UserRow = Readonly<Record<string, string>>

/** How long to wait before Redis is asked again who is blocked. Milliseconds. */
const FIND_OUT_AGAIN_MS = 250

/** So many sign-offs are remembered: more than get lost when a master fails. */
const MOST_REMEMBERED = 10_000

export interface RememberedOptions {
  readonly redis: Redis
  readonly keys: Keys
  readonly guard: Pick<Guard, 'onSignOff' | 'stats'>
  readonly onError: (error: unknown) => void
}

export function rememberSignOffs({ redis, keys, guard, onError }: RememberedOptions): Remembered {
  let recent: SignOff<TargetOfOne>[] = []
  let blocked = new Map<string, UserRow>()
  /** Counts what was learned otherwise, which an answer that was under way meanwhile does not know of. */
  let changes = 0
  let upTo: Remembered['upTo'] = null
  const closing = new AbortController()

  const stopHearing = guard.onSignOff((signOff) => {
    if (signOff !== 'everything') return note(signOff)
    recent = []
    upTo = null
    // An answer that is under way may be from before what was missed.
    changes++
    return findOut()
  })

  async function note(signOff: Exclude<SignOffHeard, 'everything'>): Promise<void> {
    recent.push(signOff)
    if (recent.length > MOST_REMEMBERED) recent = recent.slice(-MOST_REMEMBERED / 2)
    const { userId } = signOff.target
    const isBlock = signOff.reason === 'blocked'
    // Known at once, and completed as soon as the row is read.
    if (isBlock)
      noteBlock(userId, { blocked: JSON.stringify({ at: Date.now(), by: 'system', reason: null }) })
    if (upTo !== null) upTo = { ...upTo, sequence: signOff.sequence }
    if (!isBlock) return
    const row = await redis.hgetall(keys.user(userId))
    if (row['blocked'] !== undefined) noteBlock(userId, row)
  }

  function noteBlock(userId: string, row: UserRow): void {
    changes++
    blocked.set(userId, row)
  }

  /** Until it is known who is blocked, nothing that this process records is confirmed. */
  async function findOut(): Promise<void> {
    while (upTo === null && !closing.signal.aborted) {
      await refresh().catch(onError)
      if (upTo === null) await pause(FIND_OUT_AGAIN_MS, undefined, { ref: false })
    }
  }

  async function refresh(): Promise<void> {
    const changesBefore = changes
    const reply = await evaluate(
      redis,
      LIST_BLOCKED,
      [keys.history, keys.sequence, keys.blocked],
      [nonceCandidate(), keys.prefix],
    )
    const [history, isOpen, ...rows] = Reply.parse(reply)
    // One that was emptied or restored a moment ago would make us forget what it has forgotten.
    const { history: followed, sequence } = guard.stats()
    if (isOpen !== 1 || history !== followed || changes !== changesBefore) return
    blocked = new Map(rows.map((json) => Row.parse(JSON.parse(json))))
    upTo = { history, sequence }
  }

  return {
    between(after, upTo) {
      const wanted = recent.filter(({ sequence }) => sequence > after && sequence <= upTo)
      return wanted.length === upTo - after ? wanted : null
    },
    get blocked() {
      return blocked
    },
    get upTo() {
      return upTo
    },
    forget(userId) {
      changes++
      blocked.delete(userId)
    },
    refresh,
    close() {
      closing.abort()
      stopHearing()
    },
  }
}

/**
 * Who is blocked, with their whole rows.
 *
 * KEYS  history, sequence, blocked
 * ARGV  nonce candidate, key prefix
 * Returns `{history, 1 when it is open, '[id, row]' as JSON…}`
 */
const LIST_BLOCKED = `${LUA_HISTORY_AND_HEAD}
local reply = { history, isOpen and 1 or 0 }
for _, id in ipairs(redis.call('SMEMBERS', KEYS[3])) do
  local row, fields = {}, redis.call('HGETALL', ARGV[2] .. 'user:' .. id)
  for i = 1, #fields, 2 do row[fields[i]] = fields[i + 1] end
  if row.blocked then reply[#reply + 1] = cjson.encode({ id, row }) end
end
return reply`

const Reply = z.tuple([z.string(), z.number()], z.string())
const Row = z.tuple([z.string(), z.record(z.string(), z.string())])
