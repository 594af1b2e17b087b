import { randomBytes } from 'node:crypto'

/**
 * What every script of the protocol begins with. Convention: `KEYS[1]` is the history, `KEYS[2]` the
 * sequence, and `ARGV[1]` a random candidate for a nonce that is not there yet.
 *
 * `history` names the log that sequences count in: the replication id changes when Redis restarts or
 * fails over, the nonce goes when it is emptied or restored. A guard that sees another history than
 * its own knows that nothing it remembers can be relied on.
 *
 * `head` is the number of the newest sign-off. Every read is stamped with both.
 *
 * `isOpen` says whether leases and sessions are given in this history. A new one is closed until it is
 * certain that nothing which was confirmed is missing from it, see HELLO in the guard's scripts.ts:
 *
 * | field of the history | holds                                                                             |
 * | -------------------- | --------------------------------------------------------------------------------- |
 * | `nonce`              | random                                                                            |
 * | `opened`             | the history that is open; absent while Redis is known to be behind                |
 * | `openedAt`           | its head when it was opened: who had applied more in another history has seen what is lost |
 * | `seen`               | the newest sign-off that anybody had applied in another history                   |
 * | `lost`               | there when sign-offs are missing, until identity has recorded them again          |
 * | `forked`             | there when, besides, others were recorded since it was opened                     |
 * | `known`              | while it is lost, up to where an identity knows of every block                    |
 */
export const LUA_HISTORY_AND_HEAD = `
local known = redis.call('HMGET', KEYS[1], 'nonce', 'opened')
local nonce = known[1]
if not nonce then
  nonce = ARGV[1]
  redis.call('HSET', KEYS[1], 'nonce', nonce)
end
local history = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)') .. ':' .. nonce
local head = tonumber(redis.call('GET', KEYS[2]) or '0')
local isOpen = known[2] == history
`

/** Redis' own clock, in milliseconds: idle times are compared with nobody else's. */
export const LUA_NOW_MS = `
local time = redis.call('TIME')
local nowMs = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`

/**
 * A nonce that no script was ever given before: one that was used again would make an emptied Redis
 * look like the history from before it was emptied.
 */
export function nonceCandidate(): string {
  return `${PROCESS_NONCE}-${(count++).toString(36)}`
}

const PROCESS_NONCE = randomBytes(12).toString('base64url')
let count = 0
