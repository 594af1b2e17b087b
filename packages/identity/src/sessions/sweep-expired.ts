import { randomUUID } from 'node:crypto'
import { createEvent, parseSessionRecord, type SessionRecord } from '@curfew/contract'
import { evaluate } from '@curfew/guard/evaluate'
import { execAll } from '@curfew/service'
import { z } from 'zod'
import { type Lists, placesOfEveryone, removePlaces } from './every-list.js'
import { DUE_SESSIONS, EXPIRE_SESSION, LEAVE_SESSION } from './scripts.js'

const BATCH = 100

/** To look for them takes as long for many as for one; the next sweep goes on. */
const MOST_RAN_OUT = 5_000

/**
 * Ends the sessions whose time has come, and tells the log. Resolves with how many.
 *
 * A record that ran out before anybody swept it says no more whose it was, so it is looked for in every list: that
 * happens once identity was away for longer than records are kept. One that only a newer identity understands is left
 * to that one.
 */
export async function sweepExpired(lists: Lists): Promise<number> {
  const { redis, keys } = lists
  const ranOut: string[] = []
  let expired = 0
  while (ranOut.length < MOST_RAN_OUT) {
    const reply = await evaluate(redis, DUE_SESSIONS, [keys.expiries], [ranOut.length, BATCH])
    const due = z.array(z.string()).parse(reply)
    for (const ref of due) {
      const json = await redis.get(keys.session(ref))
      const record = json === null ? null : parseSessionRecord(json)
      if (record !== null) expired += await expire(lists, record)
      else if (json !== null) await evaluate(redis, LEAVE_SESSION, [keys.expiries], [ref])
      // Else it was signed off in this very moment.
      else if ((await redis.zscore(keys.expiries, ref)) !== null) ranOut.push(ref)
    }
    if (due.length < BATCH) break
  }
  if (ranOut.length > 0) await forget(lists, ranOut)
  return expired
}

async function expire({ redis, keys }: Lists, record: SessionRecord): Promise<0 | 1> {
  const { ref, user, expiresAt, idleTtlMs, era } = record
  const verdict = await evaluate(
    redis,
    EXPIRE_SESSION,
    [keys.session(ref), keys.expiries, keys.seen, keys.sessionsOf(user.id), keys.log, keys.era],
    [ref, expiresAt, idleTtlMs, JSON.stringify(expiredEvent(record)), era],
  )
  return verdict === 'expired' ? 1 : 0
}

/** The lists first: killed in between, the next sweep finds them again. */
async function forget(lists: Lists, refs: readonly string[]): Promise<void> {
  const { redis, keys } = lists
  for await (const places of placesOfEveryone(lists)) {
    const commands = redis.pipeline()
    for (const { ref } of places) commands.exists(keys.session(ref))
    const isThere = places.length > 0 ? await execAll(commands) : []
    await removePlaces(
      lists,
      places.filter((_, i) => isThere[i] === 0),
    )
  }
  await redis.zrem(keys.seen, ...refs)
  await redis.zrem(keys.expiries, ...refs)
}

function expiredEvent({ user, ref, provider, expiresAt, device }: SessionRecord) {
  return createEvent('identity', 'session.expired', user.id, {
    actor: 'system',
    subjectName: user.name,
    ref,
    provider,
    reason: Date.now() >= expiresAt ? 'absolute' : 'idle',
    ip: device.ip,
    userAgent: device.userAgent,
    // Nobody asked for it: what follows from it goes by this one.
    correlationId: randomUUID(),
  })
}
