import {
  type CurfewEvent,
  createEvent,
  type EventType,
  type Keys,
  nonceCandidate,
  type Receipt,
  type SessionRecord,
  type SignOffReason,
} from '@curfew/contract'
import { evaluate } from '@curfew/guard/evaluate'
import { ServiceError } from '@curfew/service'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { RECORD_SLACK_MS } from '../sessions/scripts.js'
import type { SessionTimes } from '../sessions/sessions.js'
import type { Block, User } from '../sessions/users.js'
import { type Bell, parseMembers } from './bell.js'
import { confirmedBy, instancesOf, isConfirmed, type Recorded, roundMs } from './confirmation.js'
import { END_SESSION, END_USER, UNBLOCK_USER } from './scripts.js'

/** Who signs somebody off, and from where: what the log says of it. */
export interface Author {
  readonly id: string
  readonly name: string
  readonly ip: string
  readonly userAgent: string
  readonly correlationId: string
}

export interface SignOffs {
  /**
   * Ends one session. Null when it is not there, or over already: then there is nothing to sign off.
   *
   * @param waitMs how long the answer waits to be confirmed; by default long enough that it is
   */
  endSession(
    session: SessionRecord,
    reason: SessionReason,
    by: Author,
    waitMs?: number,
  ): Promise<Receipt | null>
  /** Ends all sessions of a user; with `except`, all but that one. Null when there is no such user. */
  endUser(
    user: UserName,
    by: Author,
    options: { reason: 'everywhere' | 'admin'; except?: string },
  ): Promise<Receipt | null>
  /** Ends all sessions of a user, and lets them in no more. Null when there is no such user. */
  block(user: UserName, by: Author, reason: string | null): Promise<Receipt | null>
  /** Lifts a block. Revives nothing. False when the user was not blocked. */
  unblock(user: UserName, by: Author): Promise<boolean>
}

type SessionReason = Extract<SignOffReason, 'logged-out' | 'revoked' | 'admin' | 'replaced'>
type UserName = Pick<User, 'id' | 'name'>

export interface SignOffOptions {
  readonly redis: Redis
  readonly keys: Keys
  readonly bell: Bell
  readonly times: SessionTimes
  readonly boundMs: number
  /** Told of each sign-off; the receipt is null when it could not be recorded. @default nobody is */
  readonly onSignOff?: (reason: string, receipt: Receipt | null) => void
}

/** How much longer than the bound an answer waits: then it says what is pending. Milliseconds. */
const PATIENCE_MS = 1_000

/**
 * Decides sign-offs: records each by one atomic script, which is durable when Redis answers
 * (`appendfsync always`), then waits until every instance has applied it or can't serve from memory.
 *
 * The scripts may be repeated with the same event, so one whose answer was lost is asked again once.
 */
export function createSignOffs(options: SignOffOptions): SignOffs {
  const { redis, keys, bell, times, boundMs, onSignOff = () => undefined } = options

  async function endSession(session: SessionRecord, reason: SessionReason, by: Author, waitMs?: number) {
    const { ref, family, user } = session
    const event = eventOf('session.revoked', user, by, { reason, ref, provider: session.provider })
    const target = { kind: 'session', family, ref, userId: user.id }
    const record = () =>
      evaluate(
        redis,
        END_SESSION,
        [
          keys.nonce,
          keys.sequence,
          keys.session(ref),
          keys.ended(family),
          keys.signoffs,
          keys.log,
          keys.members,
          keys.expiries,
          keys.seen,
          keys.sessionsOf(user.id),
          keys.user(user.id),
        ],
        [
          nonceCandidate(),
          ref,
          times.absoluteTtlMs + RECORD_SLACK_MS,
          JSON.stringify({ target, reason, eventId: event.id }),
          JSON.stringify(event),
          keys.channels.signoffs,
          event.id,
        ],
      )
    return carryOut(reason, record, event, waitMs)
  }

  async function endUser(
    user: UserName,
    by: Author,
    { reason, except }: { reason: 'everywhere' | 'admin'; except?: string },
  ) {
    const why = except === undefined ? reason : 'others'
    const event = eventOf('user.logged-out', user, by, { reason: why })
    return carryOut(why, () => endUserScript(user.id, event, reason, null, except), event)
  }

  async function block(user: UserName, by: Author, reason: string | null) {
    const event = eventOf('user.blocked', user, by, { reason: reason ?? undefined })
    const block: Block = { at: Date.now(), by: by.id, reason }
    return carryOut('blocked', () => endUserScript(user.id, event, 'blocked', block, undefined), event)
  }

  function endUserScript(
    userId: string,
    event: CurfewEvent,
    reason: SignOffReason,
    block: Block | null,
    except: string | undefined,
  ): Promise<unknown> {
    return evaluate(
      redis,
      END_USER,
      [
        keys.nonce,
        keys.sequence,
        keys.user(userId),
        keys.sessionsOf(userId),
        keys.signoffs,
        keys.log,
        keys.members,
        except === undefined ? keys.nonce : keys.session(except),
      ],
      [
        nonceCandidate(),
        userId,
        event.id,
        reason,
        block ? JSON.stringify(block) : '',
        except ?? '',
        JSON.stringify(event),
        keys.channels.signoffs,
        keys.prefix,
      ],
    )
  }

  async function carryOut(
    reason: string,
    record: () => Promise<unknown>,
    event: CurfewEvent,
    waitMs = boundMs + PATIENCE_MS,
  ): Promise<Receipt | null> {
    const decidedAt = performance.now()
    const reply = parseReply(await recordTwice(reason, record))
    if (reply === null) return null

    const confirmation = await bell.confirm(reply, decidedAt, waitMs)
    const now = performance.now()
    const receipt: Receipt = {
      event: { id: reply.eventId, type: event.type, sequence: reply.sequence },
      sessions: reply.sessions,
      confirmed: isConfirmed(confirmation, now),
      tookMs: roundMs(now - decidedAt),
      boundMs: Math.ceil(confirmedBy(confirmation) - decidedAt),
      instances: instancesOf(confirmation, now),
    }
    onSignOff(reason, receipt)
    return receipt
  }

  async function recordTwice(reason: string, record: () => Promise<unknown>): Promise<unknown> {
    try {
      return await twice(record)
    } catch (error) {
      onSignOff(reason, null)
      throw error
    }
  }

  async function unblock(user: UserName, by: Author): Promise<boolean> {
    const event = eventOf('user.unblocked', user, by, {})
    const reply = await evaluate(redis, UNBLOCK_USER, [keys.user(user.id), keys.log], [JSON.stringify(event)])
    return reply === 1
  }

  return { endSession, endUser, block, unblock }
}

function eventOf(
  type: EventType,
  subject: UserName,
  by: Author,
  facts: Record<string, string | undefined>,
): CurfewEvent {
  return createEvent('identity', type, subject.id, {
    actor: by.id,
    actorName: by.name,
    subjectName: subject.name,
    ...facts,
    ip: by.ip,
    userAgent: by.userAgent,
    correlationId: by.correlationId,
  })
}

async function twice(record: () => Promise<unknown>): Promise<unknown> {
  try {
    return await record()
  } catch {
    // Perhaps it happened and only the answer was lost. Asking again tells, and does no harm.
    try {
      return await record()
    } catch (cause) {
      const sentence = 'The sign-off could not be recorded, so nothing is promised. Trying again is safe.'
      throw new ServiceError('store-unavailable', sentence, {}, { cause })
    }
  }
}

const Reply = z.union([
  z.tuple([z.literal('gone')]),
  z.tuple([z.literal('recorded'), z.string(), z.number(), z.number(), z.string()], z.string()),
])

function parseReply(reply: unknown): (Recorded & { sessions: number; eventId: string }) | null {
  const parsed = Reply.parse(reply)
  if (parsed[0] === 'gone') return null
  const [, history, sequence, sessions, eventId, ...members] = parsed
  return { history, sequence, sessions, eventId, members: parseMembers(members) }
}
