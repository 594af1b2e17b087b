import { LOG_LENGTH } from '../sessions/scripts.js'

/**
 * Moves one fact from a service's inbox into the log. Once, however many processes try: whoever takes
 * it out of the inbox puts it into the log.
 *
 * KEYS  inbox, log
 * ARGV  entry id, event or '' to drop it
 * Returns 1 when it was still there
 */
export const MOVE_FACT = `
if redis.call('XDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
if ARGV[2] ~= '' then redis.call('XADD', KEYS[2], 'MAXLEN', '~', ${LOG_LENGTH}, '*', 'event', ARGV[2]) end
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
