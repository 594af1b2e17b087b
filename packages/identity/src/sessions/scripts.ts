import { LUA_HISTORY_AND_HEAD, LUA_NOW_MS } from '@curfew/contract'
import { LUA_IS_FOLLOWED } from './followed.js'

/** Entries the log keeps at the most, about. */
export const LOG_LENGTH = 200_000

/** A record outlives its session this long, so that its end is found by the sweep and told in the log. */
export const RECORD_SLACK_MS = 24 * 60 * 60 * 1000

/**
 * Makes a session out of a finished login, or refuses it. One step: the user's gate, the profile, the
 * record, its tokens, every index it must be found in, and the facts in the log.
 *
 * Refused: the user is blocked; or was blocked or signed off after the login began. `retry`: the record
 * was made for another generation or era than there is now. NX: a ref is never written twice. `closed`:
 * Redis has a history that is not open, or one that this identity does not follow yet: it may have been
 * emptied, and know nothing of a block.
 *
 * KEYS  history, sequence, session, tokens, user, user's sessions, users, terms, expiries, seen, log, era
 * ARGV  nonce candidate, ref, generation, record, sealed tokens, lifetime ms, idle ms, sequence at which
 *       the login began, user id, profile as JSON, terms as JSON, events as JSON, era, history followed, and
 *       what is applied of it
 * Returns `{verdict, generation, era}`; verdict is created, blocked, superseded, retry or closed
 */
export const CREATE_SESSION = `${LUA_HISTORY_AND_HEAD}${LUA_NOW_MS}${LUA_IS_FOLLOWED}
local ref, generation, record, tokens = ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local lifetimeMs, idleMs, began, userId = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]
local profile, terms, events = cjson.decode(ARGV[10]), cjson.decode(ARGV[11]), cjson.decode(ARGV[12])
local user = KEYS[5]

local gate = redis.call('HMGET', user, 'generation', 'blocked', 'endedAt', 'terms')
local current, era = tonumber(gate[1] or '1'), tonumber(redis.call('GET', KEYS[12]) or '0')
if not isFollowed(ARGV[14], ARGV[15]) then return { 'closed', current, era } end
if gate[2] then return { 'blocked', current, era } end
if math.max(tonumber(gate[3] or '0'), era) > began then return { 'superseded', current, era } end
if current ~= generation or era ~= tonumber(ARGV[13]) then return { 'retry', current, era } end

local keepMs = lifetimeMs + ${RECORD_SLACK_MS}
if not redis.call('SET', KEYS[3], record, 'NX', 'PX', keepMs) then return { 'retry', current, era } end
redis.call('SET', KEYS[4], tokens, 'PX', keepMs)

redis.call('HSETNX', user, 'createdAt', nowMs)
redis.call('HSET', user, 'generation', current, 'lastLoginAt', nowMs, 'terms', ARGV[11])
for field, value in pairs(profile) do redis.call('HSET', user, field, value) end
for _, term in ipairs(gate[4] and cjson.decode(gate[4]) or {}) do redis.call('ZREM', KEYS[8], term .. '\\n' .. userId) end
for _, term in ipairs(terms) do redis.call('ZADD', KEYS[8], 0, term .. '\\n' .. userId) end
redis.call('ZADD', KEYS[7], nowMs, userId)

redis.call('ZADD', KEYS[6], nowMs, ref)
redis.call('ZADD', KEYS[9], nowMs + math.min(idleMs, lifetimeMs), ref)
redis.call('ZADD', KEYS[10], nowMs, ref)
for _, event in ipairs(events) do redis.call('XADD', KEYS[11], 'MAXLEN', '~', ${LOG_LENGTH}, '*', 'event', event) end
return { 'created', current, era }`

/**
 * A saved session was used. Nothing else is ever written after its creation, and this only while it is
 * there (XX) and its time has not come: what ended can't come back.
 *
 * KEYS  session, seen
 * ARGV  ref
 * Returns 1 while the session is there, else 0
 */
export const TOUCH_SESSION = `${LUA_NOW_MS}
local record = redis.call('GET', KEYS[1])
if not record then return 0 end
local session = cjson.decode(record)
local seenAt = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]) or session.createdAt)
if math.min(seenAt + session.idleTtlMs, session.expiresAt) <= nowMs then return 0 end
redis.call('ZADD', KEYS[2], 'XX', 'GT', nowMs, ARGV[1])
return 1`

/**
 * Names the sessions whose time may have come.
 *
 * KEYS  expiries
 * ARGV  how many to pass over, how many at the most
 * Returns refs
 */
export const DUE_SESSIONS = `${LUA_NOW_MS}
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', nowMs, 'LIMIT', ARGV[1], ARGV[2])`

/** What only a newer identity understands holds a sweep up once in so long. */
const LOOK_AGAIN_MS = 60_000

/**
 * Leaves a session whose time may have come for a while.
 *
 * KEYS  expiries
 * ARGV  ref
 */
export const LEAVE_SESSION = `${LUA_NOW_MS}
redis.call('ZADD', KEYS[1], 'XX', nowMs + ${LOOK_AGAIN_MS}, ARGV[1])`

/**
 * Ends a session whose time has come, and tells the log; or notes when to look again, if it was used
 * meanwhile. Once, however often it runs: whoever deletes the record writes the fact.
 *
 * KEYS  session, expiries, seen, user's sessions, log, era
 * ARGV  ref, absolute end, idle ms, event, era of the session
 * Returns expired, alive or gone
 */
export const EXPIRE_SESSION = `${LUA_NOW_MS}
local ref, expiresAt, idleMs = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local seenAt = redis.call('ZSCORE', KEYS[3], ref)
local endsAt = seenAt and math.min(tonumber(seenAt) + idleMs, expiresAt) or expiresAt
if endsAt > nowMs and redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('ZADD', KEYS[2], endsAt, ref)
  return 'alive'
end

redis.call('ZREM', KEYS[2], ref)
redis.call('ZREM', KEYS[3], ref)
-- Of an earlier era, or not listed: a sign-off ended it before, and has told the log. Who tidies up after that needs
-- the record, and after everybody's sign-off the list.
if tonumber(redis.call('GET', KEYS[6]) or '0') ~= tonumber(ARGV[5]) then return 'gone' end
if redis.call('ZREM', KEYS[4], ref) == 0 then return 'gone' end
if redis.call('DEL', KEYS[1]) == 0 then return 'gone' end
redis.call('XADD', KEYS[5], 'MAXLEN', '~', ${LOG_LENGTH}, '*', 'event', ARGV[4])
return 'expired'`
