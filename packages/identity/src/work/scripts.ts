import { LOG_LENGTH } from '../sessions/scripts.js'

/** For so long a fact that is handed in again is recognised. */
const REMEMBER_SECONDS = 24 * 60 * 60

/**
 * Moves one fact from a service's inbox into the log. Once, however many processes try: whoever takes
 * it out of the inbox puts it into the log.
 *
 * A service that is not sure whether it has handed in a fact hands it in again, with the same id: of
 * those only the first comes into the log.
 *
 * KEYS  inbox, log, mark of the event id
 * ARGV  entry id, event or '' to drop it
 * Returns 1 when it was still there
 */
export const MOVE_FACT = `
if redis.call('XDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
if ARGV[2] ~= '' and redis.call('SET', KEYS[3], '1', 'NX', 'EX', ${REMEMBER_SECONDS}) then redis.call('XADD', KEYS[2], 'MAXLEN', '~', ${LOG_LENGTH}, '*', 'event', ARGV[2]) end
return 1`

/**
 * Throws away the tokens of an ended session, and tells the log what became of them. Once: whoever
 * deletes them writes the fact.
 *
 * KEYS  tokens, log
 * ARGV  event or ''
 * Returns 1 when they were still there
 */
export const DROP_TOKENS = `
if redis.call('DEL', KEYS[1]) == 0 then return 0 end
if ARGV[1] ~= '' then redis.call('XADD', KEYS[2], 'MAXLEN', '~', ${LOG_LENGTH}, '*', 'event', ARGV[1]) end
return 1`
