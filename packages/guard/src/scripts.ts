import { LUA_HISTORY_AND_HEAD, LUA_NOW_MS } from '@curfew/contract'

/**
 * What a guard runs in Redis. Scripts run with the rights of the caller, so these only read sessions,
 * tombstones, users and the log, and write nothing but the member row, the history and the `seen` key.
 */

/** What a hello is answered with, beside the history and the head. */
export const STANDING = { renewed: 0, joined: 1, late: -1, waiting: -2, behind: -3 } as const

/**
 * Renews the lease. Always a write, so that an old master which lost its replicas can't answer it.
 *
 * Joining acknowledges nothing: memory is emptied only once the answer has arrived, and is acknowledged
 * then. Hellos are numbered, since one that was stuck in the network may arrive after its successors, and
 * would speak for an instance that has long gone on.
 *
 * Whoever comes first to a new history finds it closed. It is opened by an instance that was told of it and
 * whose lease still runs, since nothing can have been confirmed without it; or by one that has waited until everybody who
 * lives has come and said what they know, also where there is nothing: it may have been emptied a moment
 * ago. An instance that has applied more than there was when the history was opened shows that Redis has lost sign-offs: then nobody gets a
 * lease any more until identity has recorded them again.
 *
 * Within a history numbers only grow. Where they went back without a new one (keys were deleted, or an older copy
 * was imported into a Redis that runs), it gets another name, so that everybody notices.
 *
 * KEYS  history, sequence, members, signoffs, inboxes
 * ARGV  nonce candidate, instance, service, history followed, applied, acknowledged, most sign-offs to
 *       return, number of this hello, lease ms, channel of acknowledgements, the closed history that may be
 *       opened or '', sequences of failed hooks as JSON, version of what runs or ''
 * Returns `{history, head, standing, sequence, sign-off, sequence, sign-off…}`, see STANDING
 */
export const HELLO = `${LUA_HISTORY_AND_HEAD}${LUA_NOW_MS}
local instance, service, following = ARGV[2], ARGV[3], ARGV[4]
local applied, acknowledged, most = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local number, leaseMs, channel = tonumber(ARGV[8]), tonumber(ARGV[9]), ARGV[10]
local opens, hooksFailed, version = ARGV[11], cjson.decode(ARGV[12]), ARGV[13]

local row = redis.call('HGET', KEYS[3], instance)
local member = row and cjson.decode(row) or nil
if member and member.renewals >= number then return { history, head, ${STANDING.late} } end

if following == history and applied > head then
  nonce = ARGV[1]
  redis.call('HSET', KEYS[1], 'nonce', nonce)
  redis.call('HDEL', KEYS[1], 'opened', 'openedAt')
  history, isOpen = string.match(history, '^%x+') .. ':' .. nonce, false
end

local gate = redis.call('HMGET', KEYS[1], 'openedAt', 'seen', 'lost')
local openedAt = tonumber(gate[1] or '0')
local seen, lost = tonumber(gate[2] or '0'), gate[3]
if following ~= history then
  seen = math.max(seen, applied)
  if seen > (isOpen and openedAt or head) then lost = '1' end
end
if lost then
  redis.call('HSET', KEYS[1], 'lost', '1', 'seen', seen)
  -- Its numbers were given to others since it was opened: what is missing can't be recorded under them.
  if isOpen and head > openedAt then redis.call('HSET', KEYS[1], 'forked', '1') end
  redis.call('HDEL', KEYS[1], 'opened')
  return { history, head, ${STANDING.behind} }
end
if not isOpen then
  redis.call('HSET', KEYS[1], 'seen', seen)
  if opens ~= history then return { history, head, ${STANDING.waiting} } end
  redis.call('HSET', KEYS[1], 'opened', history, 'openedAt', head, 'seen', 0)
end

local joined = not member or member.history ~= history or following ~= history
if joined then
  acknowledged = 0
  redis.call('SADD', KEYS[5], service)
elseif member.acknowledged > acknowledged then
  acknowledged = member.acknowledged
elseif acknowledged > member.acknowledged then
  -- Saying so may have got lost: say it again.
  redis.call('PUBLISH', channel, instance .. ' ' .. history .. ' ' .. acknowledged .. ' ' .. ARGV[12])
end
redis.call('HSET', KEYS[3], instance, cjson.encode({
  service = service, history = history, acknowledged = acknowledged, renewals = number, leaseMs = leaseMs,
  renewedAt = nowMs, hooksFailed = hooksFailed, version = version ~= '' and version or nil,
}))

local reply = { history, head, joined and ${STANDING.joined} or ${STANDING.renewed} }
if not joined and head > applied then
  local missed = redis.call('XRANGE', KEYS[4], (applied + 1) .. '-0', '+', 'COUNT', most)
  for _, entry in ipairs(missed) do
    reply[#reply + 1] = tonumber(string.match(entry[1], '^%d+'))
    reply[#reply + 1] = entry[2][2]
  end
end
return reply`

/**
 * Tells whoever waits for it that everything up to a sequence is applied here, unless Redis has another history by
 * now: then it says nothing, so that what is heard is proof of the history, too.
 *
 * KEYS  history
 * ARGV  history, channel of acknowledgements, instance, sequence, sequences of failed hooks as JSON
 */
export const ACKNOWLEDGE = `
local nonce = redis.call('HMGET', KEYS[1], 'nonce')[1]
if not nonce then return 0 end
local history = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)') .. ':' .. nonce
if history ~= ARGV[1] then return 0 end
redis.call('PUBLISH', ARGV[2], ARGV[3] .. ' ' .. history .. ' ' .. ARGV[4] .. ' ' .. ARGV[5])
return 1`

/**
 * Reads a session, and says whether it is valid: it is there, its family has no tombstone, its era lasts,
 * its generation is that of its user, the user is not blocked, and neither its idle nor its absolute end
 * has come.
 *
 * KEYS  history, sequence, session, seen, era
 * ARGV  nonce candidate, ref, key prefix (the tombstone's and the user's key follow from the record)
 * Returns `{history, head, 1 when the history is open}`, and for a valid session also `record, idle ms
 * left, ms left, ms since last seen`
 */
export const READ = `${LUA_HISTORY_AND_HEAD}${LUA_NOW_MS}
local ref, prefix = ARGV[2], ARGV[3]
local nothing = { history, head, isOpen and 1 or 0 }

local record = isOpen and redis.call('GET', KEYS[3])
if not record then return nothing end
local session = cjson.decode(record)
if redis.call('EXISTS', prefix .. 'ended:' .. session.family) == 1 then return nothing end
if session.era ~= tonumber(redis.call('GET', KEYS[5]) or '0') then return nothing end

local gate = redis.call('HMGET', prefix .. 'user:' .. session.user.id, 'generation', 'blocked')
if tonumber(gate[1]) ~= session.generation or gate[2] then return nothing end

local seenAt = tonumber(redis.call('ZSCORE', KEYS[4], ref) or session.createdAt)
local idleLeft, left = seenAt + session.idleTtlMs - nowMs, session.expiresAt - nowMs
if idleLeft <= 0 or left <= 0 then return nothing end
return { history, head, 1, record, idleLeft, left, nowMs - seenAt }`

/**
 * Takes an instance that serves nothing any more off the table of members, and tells those who wait for
 * its acknowledgement that there is nothing left to wait for.
 *
 * KEYS  history, sequence, members
 * ARGV  nonce candidate, instance, channel of acknowledgements
 */
export const LEAVE = `${LUA_HISTORY_AND_HEAD}
redis.call('HDEL', KEYS[3], ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[2] .. ' ' .. history .. ' ${Number.MAX_SAFE_INTEGER} []')
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
