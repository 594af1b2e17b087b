import { LUA_HISTORY_AND_HEAD, LUA_NOW_MS } from '@curfew/contract'

/**
 * What a guard runs in Redis. Scripts run with the rights of the caller, so these only read sessions,
 * tombstones, users and the log, and write nothing but the member row, the nonce and the `seen` key.
 */

/**
 * Renews the lease. Always a write, so that an old master which lost its replicas can't answer it.
 *
 * Joining acknowledges nothing: memory is emptied only once the answer has arrived, and is acknowledged
 * then. Hellos are numbered, since one that was stuck in the network may arrive after its successors, and
 * would speak for an instance that has long gone on.
 *
 * KEYS  nonce, sequence, members, signoffs, inboxes
 * ARGV  nonce candidate, instance, service, history followed, applied, acknowledged, most sign-offs to
 *       return, number of this hello, lease ms, channel of acknowledgements
 * Returns `{history, head, joined, sequence, sign-off, sequence, sign-off…}`; `{history, head, -1}` when a
 * later hello of this instance came first
 */
export const HELLO = `${LUA_HISTORY_AND_HEAD}
local instance, service, following = ARGV[2], ARGV[3], ARGV[4]
local applied, acknowledged, most = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local number, leaseMs, channel = tonumber(ARGV[8]), tonumber(ARGV[9]), ARGV[10]

local row = redis.call('HGET', KEYS[3], instance)
local member = row and cjson.decode(row) or nil
if member and member.renewals >= number then return { history, head, -1 } end
local joined = not member or member.history ~= history or following ~= history
if joined then
  acknowledged = 0
  redis.call('SADD', KEYS[5], service)
elseif member.acknowledged > acknowledged then
  acknowledged = member.acknowledged
elseif acknowledged > member.acknowledged then
  -- Saying so got lost: say it again.
  redis.call('PUBLISH', channel, instance .. ' ' .. history .. ' ' .. acknowledged)
end
redis.call('HSET', KEYS[3], instance, cjson.encode({
  service = service, history = history, acknowledged = acknowledged, renewals = number, leaseMs = leaseMs,
}))

local reply = { history, head, joined and 1 or 0 }
if not joined and head > applied then
  local missed = redis.call('XRANGE', KEYS[4], (applied + 1) .. '-0', '+', 'COUNT', most)
  for _, entry in ipairs(missed) do
    reply[#reply + 1] = tonumber(string.match(entry[1], '^%d+'))
    reply[#reply + 1] = entry[2][2]
  end
end
return reply`

/**
 * Reads a session, and says whether it is valid: it is there, its family has no tombstone, its
 * generation is that of its user, the user is not blocked, and neither its idle nor its absolute end
 * has come.
 *
 * KEYS  nonce, sequence, session, seen
 * ARGV  nonce candidate, ref, key prefix (the tombstone's and the user's key follow from the record)
 * Returns `{history, head}`, and for a valid session also `record, idle ms left, ms left, ms since last seen`
 */
export const READ = `${LUA_HISTORY_AND_HEAD}${LUA_NOW_MS}
local ref, prefix = ARGV[2], ARGV[3]
local nothing = { history, head }

local record = redis.call('GET', KEYS[3])
if not record then return nothing end
local session = cjson.decode(record)
if redis.call('EXISTS', prefix .. 'ended:' .. session.family) == 1 then return nothing end

local gate = redis.call('HMGET', prefix .. 'user:' .. session.user.id, 'generation', 'blocked')
if tonumber(gate[1]) ~= session.generation or gate[2] then return nothing end

local seenAt = tonumber(redis.call('ZSCORE', KEYS[4], ref) or session.createdAt)
local idleLeft, left = seenAt + session.idleTtlMs - nowMs, session.expiresAt - nowMs
if idleLeft <= 0 or left <= 0 then return nothing end
return { history, head, record, idleLeft, left, nowMs - seenAt }`

/**
 * Says that everything up to a sequence is applied here. Does nothing in another history, nor for an
 * instance without a row.
 *
 * KEYS  nonce, sequence, members
 * ARGV  nonce candidate, instance, history, sequence, channel of acknowledgements
 * Returns 1 when the row was raised, else 0
 */
export const ACKNOWLEDGE = `${LUA_HISTORY_AND_HEAD}
local instance, sequence = ARGV[2], tonumber(ARGV[4])
local row = redis.call('HGET', KEYS[3], instance)
if not row or ARGV[3] ~= history then return 0 end
local member = cjson.decode(row)
if member.history ~= history or member.acknowledged >= sequence then return 0 end
member.acknowledged = sequence
redis.call('HSET', KEYS[3], instance, cjson.encode(member))
redis.call('PUBLISH', ARGV[5], instance .. ' ' .. history .. ' ' .. sequence)
return 1`

/**
 * Takes an instance that serves nothing any more off the table of members, and tells those who wait for
 * its acknowledgement that there is nothing left to wait for.
 *
 * KEYS  nonce, sequence, members
 * ARGV  nonce candidate, instance, channel of acknowledgements
 */
export const LEAVE = `${LUA_HISTORY_AND_HEAD}
redis.call('HDEL', KEYS[3], ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[2] .. ' ' .. history .. ' ${Number.MAX_SAFE_INTEGER}')
return 1`

/**
 * Reports that sessions were used. Only of sessions that are there (XX), and never backwards (GT): what
 * ended stays ended, and late reports do no harm.
 *
 * Nor of one whose idle time has run out by now: for everybody else it is over.
 *
 * KEYS  seen
 * ARGV  ref, ms since its use, its idle ms, ref…
 * Returns for each 1 when it lives on, else 0
 */
export const REPORT_USE = `${LUA_NOW_MS}
local lives = {}
for i = 1, #ARGV, 3 do
  local seenAt = redis.call('ZSCORE', KEYS[1], ARGV[i])
  local isLive = seenAt and tonumber(seenAt) + tonumber(ARGV[i + 2]) > nowMs
  if isLive then redis.call('ZADD', KEYS[1], 'XX', 'GT', nowMs - tonumber(ARGV[i + 1]), ARGV[i]) end
  lives[#lives + 1] = isLive and 1 or 0
end
return lives`
