import { LUA_HISTORY_AND_HEAD } from '@curfew/contract'
import { LUA_RESTORE_USER, LUA_RING, LUA_SURVIVE, RECORDED_MS } from './scripts.js'

/** Nobody can have seen more than this: what is said of other histories is settled. */
const SETTLED = Number.MAX_SAFE_INTEGER

const LUA_OPEN = `
local function open(history, openedAt)
  redis.call('HSET', KEYS[1], 'opened', history, 'openedAt', openedAt, 'seen', 0)
  redis.call('HDEL', KEYS[1], 'lost', 'forked', 'known')
end`

/**
 * Records the very sign-offs again that Redis has lost, under the numbers that they had, and opens the
 * history. Only if they are all that is missing: Redis ends where they begin, nobody has given their numbers
 * to others, and nobody has seen more. Who had no lease may not know of all that was confirmed: then
 * whoever comes later and has seen more closes the history again.
 *
 * A survivor of "sign out my other sessions" survives this, too: its record is written anew as END_USER does,
 * if Redis still has it.
 *
 * KEYS  history, sequence, signoffs, log, blocked, expiries, seen
 * ARGV  nonce candidate, history, sequence before the first of them, channel, key prefix, tombstone
 *       lifetime ms, sign-offs as JSON: `[{target, signoff, event, eventId, row, block}…]`, 1 when a lease
 *       in the history before still ran
 * Returns 1, or 0 when they are not enough
 */
export const RECORD_AGAIN = `${LUA_HISTORY_AND_HEAD}${LUA_RING}${LUA_SURVIVE}${LUA_OPEN}${LUA_RESTORE_USER}
local channel, prefix, lifetimeMs, signOffs = ARGV[4], ARGV[5], ARGV[6], cjson.decode(ARGV[7])
local gate = redis.call('HMGET', KEYS[1], 'lost', 'seen', 'forked')
if history ~= ARGV[2] or not gate[1] or head ~= tonumber(ARGV[3]) then return 0 end
if gate[3] or tonumber(gate[2]) > head + #signOffs then return 0 end

-- An error would leave a number without its sign-off: what a script has written Redis does not take back.
local function sessionIn(record)
  local isJson, session = pcall(cjson.decode, record)
  return isJson and type(session) == 'table' and session or nil
end

-- Where the record is back the tokens are, too: with the provider in the event they are revoked.
local function toldWith(event, record)
  local session = sessionIn(record)
  if not session or session.v ~= 1 or type(session.user) ~= 'table' then return event end
  local told = cjson.decode(event)
  told.data.provider, told.data.subjectName = session.provider, session.user.name
  return cjson.encode(told)
end

local function endSession(sequence, target, event)
  local key = prefix .. 'session:' .. target.ref
  local record = redis.call('GET', key)
  redis.call('SET', prefix .. 'ended:' .. target.family, sequence, 'PX', lifetimeMs)
  redis.call('DEL', key)
  redis.call('ZREM', KEYS[6], target.ref)
  redis.call('ZREM', KEYS[7], target.ref)
  redis.call('ZREM', prefix .. 'user:' .. target.userId .. ':sessions', target.ref)
  return toldWith(event, record)
end

local function keepSurvivor(target, listed, aside)
  for _, ref in ipairs(redis.call('ZRANGE', aside, 0, -1)) do
    local key = prefix .. 'session:' .. ref
    local record = redis.call('GET', key)
    local session = sessionIn(record)
    if session and session.family == target.except and session.generation == target.generation - 1 then
      redis.call('SET', key, survive(record, session, target.generation), 'XX', 'KEEPTTL')
      redis.call('ZADD', listed, redis.call('ZSCORE', aside, ref), ref)
      redis.call('ZREM', aside, ref)
    end
  end
end

local function endUser(sequence, target, again)
  local user = prefix .. 'user:' .. target.userId
  if redis.call('EXISTS', user) == 0 then
    -- It was made after what Redis still knows. Without a block nobody has to be kept out.
    if not again.block then return end
    if again.row then restoreUser(prefix, target.userId, again.row) end
  end
  local generation = tonumber(redis.call('HGET', user, 'generation') or '0')
  redis.call('HSET', user, 'generation', math.max(generation, target.generation))
  redis.call('HSET', user, 'endedAt', sequence)
  redis.call('SET', prefix .. 'recorded:' .. again.eventId, sequence .. ' 0', 'PX', ${RECORDED_MS})
  if again.block then
    redis.call('HSET', user, 'blocked', again.block)
    redis.call('SADD', KEYS[5], target.userId)
  end
  local listed = user .. ':sessions'
  if redis.call('EXISTS', listed) == 1 then
    local aside = user .. ':ended:' .. (target.generation - 1)
    redis.call('RENAME', listed, aside)
    if target.except then keepSurvivor(target, listed, aside) end
  end
end

for _, again in ipairs(signOffs) do
  local sequence, event = redis.call('INCR', KEYS[2]), again.event
  if again.target.kind == 'session' then event = endSession(sequence, again.target, event)
  else endUser(sequence, again.target, again) end
  ring(sequence, again.signoff, event, { signoffs = KEYS[3], log = KEYS[4] }, channel)
end
open(history, ARGV[8] == '1' and '${SETTLED}' or head + #signOffs)
return 1`

/**
 * Ends every session there is by one number, the era, however many there are; sets the blocks that
 * identity knows of; and opens the history. For a Redis that has lost sign-offs: who they were of nobody
 * can tell any more, so everybody signs in again, and who was blocked is not let in.
 *
 * The number is higher than any that was seen, so that it is a later era than any session can be of.
 *
 * Who waited for their turn waited in one loss: in a later one, of the same history too, that says nothing. While Redis
 * is behind its head stays where it is, and whatever ends that adds to it.
 *
 * KEYS  history, sequence, era, signoffs, log, members, blocked
 * ARGV  nonce candidate, up to which sign-off every block is known, to do so only if Redis is behind, or '', event,
 *       event id, channel, key prefix, blocked users as JSON: `[{id, row}…]`, whose turn it is, and the history and
 *       head for which that was decided
 * Returns as END_SESSION; gone when Redis is not behind, or it is not the caller's turn
 */
export const END_EVERYONE = `${LUA_HISTORY_AND_HEAD}${LUA_RING}${LUA_OPEN}${LUA_RESTORE_USER}
local knowsUpTo, event, eventId, channel, prefix = tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local turn = ARGV[8]
local gate = redis.call('HMGET', KEYS[1], 'lost', 'seen', 'known')
if knowsUpTo then
  if not gate[1] or history ~= ARGV[9] or head ~= tonumber(ARGV[10]) then return { 'gone', history } end
  local seen, known = tonumber(gate[2] or '0'), math.max(tonumber(gate[3] or '0'), knowsUpTo)
  redis.call('HSET', KEYS[1], 'known', known)
  local isTurn = turn == 'anybody' or (turn == 'who knows most' and knowsUpTo == known)
    or (turn ~= 'nobody' and knowsUpTo >= seen)
  if not isTurn then return { 'gone', history } end
end

local sequence = math.max(head, tonumber(gate[2] or '0')) + 1
redis.call('SET', KEYS[2], sequence)
redis.call('SET', KEYS[3], sequence)
for _, blocked in ipairs(cjson.decode(ARGV[7])) do
  local user = prefix .. 'user:' .. blocked.id
  if redis.call('EXISTS', user) == 0 then restoreUser(prefix, blocked.id, blocked.row) end
  redis.call('HINCRBY', user, 'generation', 1)
  redis.call('HSET', user, 'blocked', blocked.row.blocked, 'endedAt', sequence)
  redis.call('SADD', KEYS[7], blocked.id)
end
open(history, '${SETTLED}')

local signoff = '{"target":{"kind":"everyone","era":' .. sequence .. '},"reason":"store-behind","eventId":"' .. eventId .. '"}'
ring(sequence, signoff, event, { signoffs = KEYS[4], log = KEYS[5] }, channel)
return recorded(sequence, 0, eventId, KEYS[6])`
