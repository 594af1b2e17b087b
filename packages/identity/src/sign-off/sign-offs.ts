import {
  type CommonFacts,
  type CurfewEvent,
  createEvent,
  type EventType,
  type Keys,
  nonceCandidate,
  type OtherFacts,
  type Receipt,
  type SessionRecord,
  type SignOffReason,
} from '@curfew/contract'
import { evaluate } from '@curfew/guard/evaluate'
import { ServiceError } from '@curfew/service'
import type { Redis } from 'ioredis'
import { followedBy, type HistoryFollowed } from '../sessions/followed.js'
import { RECORD_SLACK_MS } from '../sessions/scripts.js'
import type { SessionTimes } from '../sessions/sessions.js'
import type { Block, User } from '../sessions/users.js'
import type { RecordDurably } from './record-durably.js'
import type { Remembered, UserRow } from './remembered.js'
import { isClosed, parseRecordReply, parseUnblockReply, type UnblockReply } from './replies.js'
import { END_SESSION, END_USER, UNBLOCK_USER } from './scripts.js'
import { type FollowOptions, followSignOff, type RecordedFact, type SignedOff } from './signed-off.js'

/** Who signs somebody off, and from where: what the log says of it. */
export interface Author {
  readonly id: string
  readonly name: string
  readonly ip: string
  readonly userAgent: string
  readonly correlationId: string
}

export interface SignOffs {
  /** Ends one session. Null when it is not there, or over already: then there is nothing to sign off. */
  endSession(session: SessionRecord, reason: SessionReason, by: Author): Promise<SignedOff | null>
  /** Ends all sessions of a user; with `except`, all but that one. Null when there is no such user. */
  endUser(
    user: UserName,
    by: Author,
    options: { reason: 'everywhere' | 'admin'; except?: string },
  ): Promise<SignedOff | null>
  /** Ends all sessions of a user, and lets them in no more. Null when there is no such user. */
  block(user: MaybeBlocked, by: Author, reason: string | null): Promise<SignedOff | null>
  /** Lifts the block that `user` was seen with, and no later one. Revives nothing. */
  unblock(user: SeenUser, by: Author): Promise<UnblockReply['kind']>
}

type SessionReason = Extract<SignOffReason, 'logged-out' | 'revoked' | 'admin' | 'replaced'>
type UserName = Pick<User, 'id' | 'name'>
/** As they were when it was decided, for people who read the log. */
type MaybeBlocked = UserName & { readonly blocked?: Block | null }
type SeenUser = UserName & { readonly blocked: Block | null }

export interface SignOffOptions extends FollowOptions {
  readonly redis: Redis
  readonly recordDurably: RecordDurably
  readonly keys: Keys
  /** Asks for a lease when Redis has a history that is not open yet: whoever comes first may open it. */
  readonly guard: HistoryFollowed
  readonly times: SessionTimes
  /** @default nobody is told */
  readonly observer?: SignOffObserver
  readonly remembered: Pick<Remembered, 'blocked' | 'forget'>
}

/** Is told what becomes of each sign-off. */
export interface SignOffObserver {
  /** It could not be recorded, so nothing was promised. */
  failed(reason: string): void
  recorded(reason: string): void
  /** Redis had another history, which may not have held it. */
  recordedAgain(): void
  confirmed(reason: string, receipt: Receipt): void
}

/**
 * Decides sign-offs: records each by one atomic script, and answers once that is durable. From then on it
 * is followed until every instance has applied it or can't serve from memory; recorded again if Redis has
 * another history meanwhile.
 *
 * The scripts may be repeated with the same event, so one whose answer was lost is asked again once.
 */
export function createSignOffs(options: SignOffOptions): SignOffs {
  const { redis, recordDurably, keys, guard, times, remembered, observer } = options
  const follow = followSignOff(options)

  async function endSession(session: SessionRecord, reason: SessionReason, by: Author) {
    const { ref, family, user } = session
    const event = eventOf('session.revoked', user, by, { reason, ref, provider: session.provider })
    const target = { kind: 'session', family, ref, userId: user.id }
    const record = () =>
      recordDurably(
        END_SESSION,
        [
          keys.history,
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
          keys.era,
        ],
        [
          nonceCandidate(),
          ref,
          times.absoluteTtlMs + RECORD_SLACK_MS,
          JSON.stringify({ target, reason, eventId: event.id }),
          JSON.stringify(event),
          keys.channels.signoffs,
          event.id,
          ...followedBy(guard),
        ],
      )
    return carryOut(reason, record, event)
  }

  async function endUser(
    user: UserName,
    by: Author,
    { reason, except }: { reason: 'everywhere' | 'admin'; except?: string },
  ) {
    const why = except === undefined ? reason : 'others'
    const event = eventOf('user.logged-out', user, by, { reason: why })
    return carryOut(why, (before) => endUserScript(user.id, event, reason, { except, before }), event)
  }

  async function block(user: MaybeBlocked, by: Author, reason: string | null) {
    const event = eventOf('user.blocked', user, by, {
      ...(reason === null ? {} : { reason }),
      before: user.blocked ? 'blocked' : 'not blocked',
      after: 'blocked',
    })
    const block: Block = { at: Date.now(), by: by.id, reason }
    return carryOut(
      'blocked',
      (before) => endUserScript(user.id, event, 'blocked', { block, before, row: before && rowOf(user) }),
      event,
    )
  }

  /** Redis may have lost a user who is blocked, and who can sign in anew wherever nobody knows of that. */
  function rowOf({ id, name }: UserName): UserRow {
    return remembered.blocked.get(id) ?? { name }
  }

  function endUserScript(
    userId: string,
    event: CurfewEvent,
    reason: SignOffReason,
    {
      except,
      block,
      row,
      before,
    }: {
      except?: string | undefined
      block?: Block
      row?: UserRow | null
      before: RecordedFact | null
    },
  ): Promise<unknown> {
    return recordDurably(
      END_USER,
      [
        keys.history,
        keys.sequence,
        keys.user(userId),
        keys.sessionsOf(userId),
        keys.signoffs,
        keys.log,
        keys.members,
        keys.blocked,
        except === undefined ? keys.history : keys.session(except),
        keys.recorded(event.id),
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
        row ? JSON.stringify(row) : '',
        ...followedBy(guard),
        before?.sequence ?? '',
      ],
    )
  }

  async function carryOut(
    reason: string,
    run: (before: RecordedFact | null) => Promise<unknown>,
    event: CurfewEvent,
  ): Promise<SignedOff | null> {
    const decidedAt = performance.now()
    const record = async (before: RecordedFact | null) =>
      parseRecordReply(await recordWhenOpen(() => run(before)))
    const reply = await twice(() => record(null)).catch((cause: unknown) => {
      observer?.failed(reason)
      throw new ServiceError('store-unavailable', NOT_RECORDED, {}, { cause })
    })
    if (reply.kind === 'gone') return null
    observer?.recorded(reason)
    return follow({
      recorded: reply,
      type: event.type,
      // Who ended it first tells how that went.
      story: reply.eventId === event.id ? { subject: event.subject, data: event.data, reason } : null,
      decidedAt,
      record,
      onRecordedAgain: () => observer?.recordedAgain(),
      onConfirmed: (receipt) => observer?.confirmed(reason, receipt),
    })
  }

  /** A history that is not open is opened by whoever comes first and may: perhaps that is us. */
  async function recordWhenOpen(run: () => Promise<unknown>): Promise<unknown> {
    const reply = await run()
    if (!isClosed(reply)) return reply
    await guard.renew()
    const second = await run()
    if (isClosed(second)) throw new Error('the history that Redis has is not open')
    return second
  }

  async function unblock(user: SeenUser, by: Author): Promise<UnblockReply['kind']> {
    if (user.blocked === null) return 'not blocked'
    const event = eventOf('user.unblocked', user, by, {
      before: 'blocked',
      after: 'not blocked',
      ...whatWasLifted(user.blocked),
    })
    const reply = await evaluate(
      redis,
      UNBLOCK_USER,
      [keys.user(user.id), keys.log, keys.blocked],
      [JSON.stringify(event), user.id, JSON.stringify(user.blocked)],
    )
    const unblocked = parseUnblockReply(reply)
    if (unblocked.kind === 'lifted') remembered.forget(user.id, unblocked.generation)
    return unblocked.kind
  }

  return { endSession, endUser, block, unblock }
}

const NOT_RECORDED = 'The sign-off could not be recorded, so nothing is promised. Trying again is safe.'

function whatWasLifted({ at, by, reason }: Block) {
  return {
    blockedAt: new Date(at).toISOString(),
    blockedBy: by,
    ...(reason === null ? {} : { blockReason: reason }),
  }
}

function eventOf(
  type: EventType,
  subject: UserName,
  by: Author,
  facts: Partial<CommonFacts> & OtherFacts,
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

/** Perhaps it happened and only the answer was lost. Asking again tells, and does no harm. */
async function twice<T>(record: () => Promise<T>): Promise<T> {
  try {
    return await record()
  } catch {
    return await record()
  }
}
