import { setTimeout as pause } from 'node:timers/promises'
import {
  type Keys,
  LUA_HISTORY_AND_HEAD,
  nonceCandidate,
  type SignOff,
  type TargetOfOne,
} from '@curfew/contract'
import type { Guard, GuardStats, SignOffHeard } from '@curfew/guard'
import { evaluate } from '@curfew/guard/evaluate'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { Remembering } from './coordinator.js'

/**
 * What identity remembers in case Redis forgets: the newest sign-offs, and who is blocked.
 *
 * Kept in memory by each identity process, as its guard hears of it; a block before it is acknowledged, so
 * that no block is confirmed which a living identity does not know.
 */
export interface Remembered {
  /** The sign-offs after `after` and up to `upTo`; null when not all of them are remembered. */
  between(after: number, upTo: number): ReadonlyArray<SignOff<TargetOfOne>> | null
  /**
   * Up to which sign-off of which history every block is known, and since which one each was as soon as it was
   * heard; null while that has to be found out.
   */
  readonly upTo: Remembering | null
  /** The stored rows of the users who are blocked, by id. */
  readonly blocked: ReadonlyMap<string, UserRow>
  /** Is told each time that it is known again who is blocked. */
  onInformed(listener: () => void): void
  /** The block of a user of this generation was lifted. A later one, of which was heard meanwhile, stays. */
  forget(userId: string, generation: number): void
  /** Reads again who is blocked. Believes nobody but the Redis that its guard follows. */
  refresh(): Promise<void>
  close(): void
}

export type UserRow = Readonly<Record<string, string>>

/** About so many blocked users are read at a time: some milliseconds, in which Redis does nothing else. */
const PAGE_SIZE = 100

/** How long to wait before Redis is asked again who is blocked. Milliseconds. */
const FIND_OUT_AGAIN_MS = 250

/** So many sign-offs are remembered: more than get lost when a master fails. */
const MOST_REMEMBERED = 10_000

export interface RememberedOptions {
  readonly redis: Redis
  readonly keys: Keys
  readonly guard: Pick<Guard, 'onSignOff'> & { stats(): Pick<GuardStats, 'history' | 'sequence'> }
  readonly onError: (error: unknown) => void
}

export function rememberSignOffs({ redis, keys, guard, onError }: RememberedOptions): Remembered {
  let recent: SignOff<TargetOfOne>[] = []
  let blocked = new Map<string, UserRow>()
  let upTo: Remembered['upTo'] = null
  /** What was learned while the list is being read, whose pages may not know of it. Null: it was lifted. */
  let learned = new Map<string, UserRow | null>()
  let isFindingOut = false
  const listeners = new Set<() => void>()
  const closing = new AbortController()

  const stopHearing = guard.onSignOff((signOff) =>
    signOff === 'everything' ? forgetEverything() : note(signOff),
  )

  function forgetEverything(): void {
    recent = []
    upTo = null
    // A list that is being read may be from before what was missed.
    learned = new Map()
    // Nobody has to wait for it: until it is known, `upTo` says so.
    void findOut()
  }

  async function note(signOff: Exclude<SignOffHeard, 'everything'>): Promise<void> {
    recent.push(signOff)
    if (recent.length > MOST_REMEMBERED) recent = recent.slice(-MOST_REMEMBERED / 2)
    if (upTo !== null) upTo = { ...upTo, sequence: signOff.sequence }
    if (signOff.reason !== 'blocked' || signOff.target.kind !== 'user') return
    const { userId, generation } = signOff.target
    // Known at once, and completed as soon as the row is read.
    const block = JSON.stringify({ at: Date.now(), by: 'system', reason: null })
    const known = { generation: String(generation), blocked: block }
    learn(userId, known)
    const row = await redis.hgetall(keys.user(userId))
    // Something newer was heard meanwhile, or Redis is one from before the block.
    if (blocked.get(userId) !== known || !(Number(row['generation']) >= generation)) return
    // Lifted before it was heard of.
    learn(userId, row['blocked'] === undefined ? null : row)
  }

  function learn(userId: string, row: UserRow | null): void {
    learned.set(userId, row)
    put(blocked, userId, row)
  }

  function forget(userId: string, generation: number): void {
    if (!(Number(blocked.get(userId)?.['generation']) > generation)) learn(userId, null)
  }

  /** Until it is known who is blocked, nothing that this process records is confirmed. */
  async function findOut(): Promise<void> {
    // One at a time, or they would go on overtaking each other.
    if (isFindingOut) return
    isFindingOut = true
    while (upTo === null && !closing.signal.aborted) {
      await read().catch(onError)
      if (upTo === null) await pause(FIND_OUT_AGAIN_MS, undefined, { ref: false })
    }
    isFindingOut = false
  }

  /** Page by page, since one script must not hold Redis up for long. Of two at the same time the newer counts. */
  async function read(): Promise<void> {
    const learnedMeanwhile = new Map<string, UserRow | null>()
    learned = learnedMeanwhile
    const rows = new Map<string, UserRow>()
    let cursor = '0'
    do {
      const reply = await evaluate(
        redis,
        LIST_BLOCKED,
        [keys.history, keys.sequence, keys.blocked],
        [nonceCandidate(), keys.prefix, cursor],
      )
      const [history, isOpen, next, ...page] = Reply.parse(reply)
      const { history: followed, sequence } = guard.stats()
      // One that was emptied or restored a moment ago would make us forget what it has forgotten.
      if (isOpen !== 1 || history !== followed || learned !== learnedMeanwhile) return
      for (const json of page) rows.set(...Row.parse(JSON.parse(json)))
      cursor = next
      if (cursor !== '0') continue
      for (const [id, row] of learnedMeanwhile) put(rows, id, row)
      blocked = rows
      const isNews = upTo === null
      upTo = { history, sequence, since: upTo?.since ?? sequence }
      if (isNews) for (const listener of listeners) listener()
    } while (cursor !== '0')
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
    onInformed: (listener) => void listeners.add(listener),
    forget,
    refresh: async () => {
      if (!isFindingOut) await read()
    },
    close() {
      closing.abort()
      stopHearing()
    },
  }
}

function put(blocked: Map<string, UserRow>, id: string, row: UserRow | null): void {
  if (row === null) blocked.delete(id)
  else blocked.set(id, row)
}

/**
 * A page of who is blocked, with their whole rows.
 *
 * KEYS  history, sequence, blocked
 * ARGV  nonce candidate, key prefix, cursor
 * Returns `{history, 1 when it is open, cursor of the next page or "0", '[id, row]' as JSON…}`
 */
const LIST_BLOCKED = `${LUA_HISTORY_AND_HEAD}
local page = redis.call('SSCAN', KEYS[3], ARGV[3], 'COUNT', ${PAGE_SIZE})
local reply = { history, isOpen and 1 or 0, page[1] }
for _, id in ipairs(page[2]) do
  local row, fields = {}, redis.call('HGETALL', ARGV[2] .. 'user:' .. id)
  for i = 1, #fields, 2 do row[fields[i]] = fields[i + 1] end
  if row.blocked then reply[#reply + 1] = cjson.encode({ id, row }) end
end
return reply`

const Reply = z.tuple([z.string(), z.number(), z.string()], z.string())
const Row = z.tuple([z.string(), z.record(z.string(), z.string())])
