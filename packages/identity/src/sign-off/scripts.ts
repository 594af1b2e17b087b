import { LUA_HISTORY_AND_HEAD, LUA_NOW_MS } from '@curfew/contract'
import { LUA_IS_FOLLOWED } from '../sessions/followed.js'
import { LOG_LENGTH } from '../sessions/scripts.js'

/** Sign-offs kept for guards that fell behind, about. One that missed more empties its memory. */
const SIGN_OFFS_KEPT = 100_000

/** For so long a sign-off whose answer was lost may be repeated without its number. Milliseconds. */
export const RECORDED_MS = 15 * 60 * 1000

/**
 * What makes a sign-off true: the next number, the log that guards follow, the log that people read,
 * and the bell. All in the script that ended the sessions: it is in the log if and only if it happened.
 */
export const LUA_RING = `
local function ring(sequence, signoff, event, keys, channel)
  redis.call('XADD', keys.signoffs, 'MAXLEN', '~', ${SIGN_OFFS_KEPT}, sequence .. '-0', 'signoff', signoff)
  redis.call('XADD', keys.log, 'MAXLEN', '~', ${LOG_LENGTH}, '*', 'event', event, 'sequence', sequence)
  redis.call('PUBLISH', channel, history .. ' ' .. sequence .. ' ' .. signoff)
end
local function recorded(sequence, sessions, eventId, membersKey)
  local reply = { 'recorded', history, sequence, sessions, eventId }
  for _, part in ipairs(redis.call('HGETALL', membersKey)) do reply[#reply + 1] = part end
  return reply
end`

/**
 * The record of a session that outlives its generation. It is JSON, in which `"generation":` can't stand
 * inside a string, since quotes are escaped there.
 */
export const LUA_SURVIVE = `
local function survive(record, session, generation)
  local anew = string.gsub(record, '"generation":%d+', '"generation":' .. generation, 1)
  anew = string.gsub(anew, '"revision":%d+', '"revision":' .. (session.revision + 1), 1)
  return anew
end`

/** A user whose row is gone, as identity remembers it. */
export const LUA_RESTORE_USER = `
local function restoreUser(prefix, id, row)
  local user = prefix .. 'user:' .. id
  for field, value in pairs(row) do redis.call('HSET', user, field, value) end
  redis.call('ZADD', prefix .. 'users', row.lastLoginAt or 0, id)
  for _, term in ipairs(cjson.decode(row.terms or '[]')) do
    redis.call('ZADD', prefix .. 'users:terms', 0, term .. '\\n' .. id)
  end
end`

/**
 * Ends one session. Safe to repeat: a session whose tombstone is there has been ended, and the answer
 * is that of the first time. One that is over otherwise, or whose time has come, is not ended once more:
 * the log has told it, or will, and its record is left for background work.
 *
 * KEYS  history, sequence, session, tombstone, signoffs, log, members, expiries, seen, user's sessions, user,
 *       era
 * ARGV  nonce candidate, ref, tombstone lifetime ms, sign-off as JSON, event, channel, event id, history followed,
 *       and what is applied of it
 * Returns `{'recorded', history, sequence, sessions ended, event id, instance, row, instance, row…}`;
 * `{'gone', history}`; or `{'closed'}` while the history is not open, or not the one that identity follows, since
 * that may know what is missing. The event is that of whoever ended it first
 */
export const END_SESSION = `${LUA_HISTORY_AND_HEAD}${LUA_NOW_MS}${LUA_IS_FOLLOWED}${LUA_RING}
local ref, eventId = ARGV[2], ARGV[7]
if not isFollowed(ARGV[8], ARGV[9]) then return { 'closed' } end

local before = redis.call('GET', KEYS[4])
if before then
  local first = redis.call('XRANGE', KEYS[5], before .. '-0', before .. '-0')[1]
  return recorded(tonumber(before), 1, first and cjson.decode(first[2][2]).eventId or eventId, KEYS[7])
end
local record = redis.call('GET', KEYS[3])
if not record then return { 'gone', history } end
local session = cjson.decode(record)
if tonumber(redis.call('HGET', KEYS[11], 'generation')) ~= session.generation then return { 'gone', history } end
if tonumber(redis.call('GET', KEYS[12]) or '0') ~= session.era then return { 'gone', history } end
local seenAt = tonumber(redis.call('ZSCORE', KEYS[9], ref) or session.createdAt)
if math.min(seenAt + session.idleTtlMs, session.expiresAt) <= nowMs then return { 'gone', history } end

local sequence = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[4], sequence, 'PX', ARGV[3])
redis.call('DEL', KEYS[3])
redis.call('ZREM', KEYS[8], ref)
redis.call('ZREM', KEYS[9], ref)
redis.call('ZREM', KEYS[10], ref)
ring(sequence, ARGV[4], ARGV[5], { signoffs = KEYS[5], log = KEYS[6] }, ARGV[6])
return recorded(sequence, 1, eventId, KEYS[7])`

/**
 * Ends all sessions of a user by one increment, however many there are; optionally all but one, or with
 * a block. Safe to repeat with the same event id.
 *
 * The survivor is written anew with the new generation, if it was valid until now.
 *
 * KEYS  history, sequence, user, user's sessions, signoffs, log, members, blocked, survivor's session or
 *       history, what was recorded with this event
 * ARGV  nonce candidate, user id, event id, reason, block as JSON or '', survivor's ref or '', event,
 *       channel, key prefix, row as JSON of a user who is made anew if there is no such user, or '', history
 *       followed, what is applied of it, the number that it was recorded under before, or ''
 * Returns as END_SESSION; gone when there is no such user
 */
export const END_USER = `${LUA_HISTORY_AND_HEAD}${LUA_IS_FOLLOWED}${LUA_RING}${LUA_SURVIVE}${LUA_RESTORE_USER}
local userId, eventId, reason, block, survivorRef = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local user, listed = KEYS[3], KEYS[4]
if not isFollowed(ARGV[11], ARGV[12]) then return { 'closed' } end

local before = redis.call('GET', KEYS[10])
if not before and ARGV[13] ~= '' then
  local entry = redis.call('XRANGE', KEYS[5], ARGV[13] .. '-0', ARGV[13] .. '-0')[1]
  if entry and cjson.decode(entry[2][2]).eventId == eventId then before = ARGV[13] .. ' 0' end
end
if before then
  local first, ended = string.match(before, '^(%d+) (%d+)$')
  return recorded(tonumber(first), tonumber(ended), eventId, KEYS[7])
end
if redis.call('HEXISTS', user, 'generation') == 0 then
  if ARGV[10] == '' then return { 'gone', history } end
  restoreUser(ARGV[9], userId, cjson.decode(ARGV[10]))
end

local sequence = redis.call('INCR', KEYS[2])
local generation = redis.call('HINCRBY', user, 'generation', 1)
if block ~= '' then
  redis.call('HSET', user, 'blocked', block)
  redis.call('SADD', KEYS[8], userId)
end

local survivor = survivorRef ~= '' and redis.call('GET', KEYS[9]) or nil
local family
if survivor then
  local session = cjson.decode(survivor)
  if session.generation == generation - 1 and session.user.id == userId
    and redis.call('EXISTS', ARGV[9] .. 'ended:' .. session.family) == 0 then
    family = session.family
    redis.call('SET', KEYS[9], survive(survivor, session, generation), 'XX', 'KEEPTTL')
  end
end

local sessions = redis.call('ZCARD', listed)
if sessions > 0 then
  -- The list goes aside whole, in one step: from now on it names what is to be tidied up.
  local aside = ARGV[9] .. 'user:' .. userId .. ':ended:' .. (generation - 1)
  redis.call('RENAME', listed, aside)
  if family then
    local since = redis.call('ZSCORE', aside, survivorRef)
    if since then
      redis.call('ZREM', aside, survivorRef)
      redis.call('ZADD', listed, since, survivorRef)
      sessions = sessions - 1
    end
  end
end
redis.call('HSET', user, 'endedAt', sequence)
redis.call('SET', KEYS[10], sequence .. ' ' .. sessions, 'PX', ${RECORDED_MS})

local target = '{"kind":"user","userId":"' .. userId .. '","generation":' .. generation
  .. (family and ',"except":"' .. family .. '"' or '') .. '}'
local signoff = '{"target":' .. target .. ',"reason":"' .. reason .. '","eventId":"' .. eventId .. '"}'
ring(sequence, signoff, ARGV[7], { signoffs = KEYS[5], log = KEYS[6] }, ARGV[8])
return recorded(sequence, sessions, eventId, KEYS[7])`

/**
 * Lifts a block, and no other one: this may arrive long after its sender gave it up, and after a later block was
 * confirmed. The generation stays where the block put it, so that no old session comes back.
 *
 * KEYS  user, log, blocked
 * ARGV  event, user id, the block that is meant as JSON
 * Returns `{'lifted', generation}`; `{'not blocked'}`; or `{'blocked anew'}` when another block is there, which stays
 */
export const UNBLOCK_USER = `
local stored = redis.call('HGET', KEYS[1], 'blocked')
if not stored then return { 'not blocked' } end
local there, meant = cjson.decode(stored), cjson.decode(ARGV[3])
local isMeant = there.at == meant.at and there.by == meant.by and there.reason == meant.reason
if not isMeant then return { 'blocked anew' } end
redis.call('HDEL', KEYS[1], 'blocked')
redis.call('SREM', KEYS[3], ARGV[2])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ${LOG_LENGTH}, '*', 'event', ARGV[1])
return { 'lifted', tonumber(redis.call('HGET', KEYS[1], 'generation') or '0') }`

/**
 * Which history and head Redis has, by a write: its answer says that everything before is durable.
 *
 * KEYS  history, sequence, members
 * ARGV  nonce candidate
 * Returns `{history, head, Redis' time in epoch ms, instance, row…}`
 */
export const WITNESS_HISTORY = `${LUA_HISTORY_AND_HEAD}${LUA_NOW_MS}
redis.call('HSET', KEYS[1], 'nonce', nonce)
local reply = { history, head, nowMs }
for _, part in ipairs(redis.call('HGETALL', KEYS[3])) do reply[#reply + 1] = part end
return reply`

/**
 * Whether a sign-off is in the history that Redis has, and who is a member, by a write: see WITNESS_HISTORY.
 *
 * KEYS  history, sequence, members, signoffs
 * ARGV  nonce candidate, sequence of the sign-off, its event id
 * Returns `{history, 1 when it is open, 1 when the sign-off is there, instance, row…}`
 */
export const TAKE_OVER = `${LUA_HISTORY_AND_HEAD}
redis.call('HSET', KEYS[1], 'nonce', nonce)
local entry = redis.call('XRANGE', KEYS[4], ARGV[2] .. '-0', ARGV[2] .. '-0')[1]
local isThere = entry and cjson.decode(entry[2][2]).eventId == ARGV[3]
local reply = { history, isOpen and 1 or 0, isThere and 1 or 0 }
for _, part in ipairs(redis.call('HGETALL', KEYS[3])) do reply[#reply + 1] = part end
return reply`

/**
 * Takes rows off the table of members, each only if it has not changed since it was found silent.
 *
 * KEYS  members
 * ARGV  instance, row, instance, row…
 * Returns how many
 */
export const DROP_MEMBERS = `
local dropped = 0
for i = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then
    dropped = dropped + redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
return dropped`
