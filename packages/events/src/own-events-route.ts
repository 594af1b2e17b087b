import {
  type CurfewEvent,
  type EventType,
  isOfKnownType,
  type OwnEvent,
  type OwnEvents,
  type SessionRecord,
} from '@curfew/contract'
import { parseInput } from '@curfew/service'
import { deviceName } from '@curfew/service/browser/device-name'
import type { Context } from 'koa'
import { z } from 'zod'
import { openCursor, sealCursor } from './sealed-cursors.js'
import type { LogStore, StorePage } from './store/log-store.js'

/**
 * `GET /events/mine`: what happened to whoever asks, newest first. Only what is about them, or about everybody, and of
 * that only what is theirs: an admin's address, name and words are not, nor what Curfew does behind the scenes.
 */
export function listOwnEvents(store: Pick<LogStore, 'page' | 'secret'>) {
  return async function listOwnEvents(ctx: Context): Promise<void> {
    const { user }: SessionRecord = ctx.state.session
    const { before, limit } = parseInput(Query, ctx.query)
    const secret = await store.secret()
    const part = {
      limit,
      before: before === undefined ? undefined : openCursor(before, user.id, secret, 'before'),
    }
    const { entries, next } = newestOf(
      [
        await store.page({ ...part, filter: { user: user.id, types: SHOWN } }),
        // It is about nobody by name, and they are one of those whom it was about.
        await store.page({ ...part, filter: { types: ['everyone.logged-out'] } }),
      ],
      limit,
    )
    const answer: OwnEvents = {
      events: entries.flatMap(({ event }) => (isOfKnownType(event) ? [ownEvent(event)] : [])),
      next: next === null ? null : sealCursor(next, user.id, secret),
    }
    ctx.body = answer
  }
}

/** Two pages of one log as one, which ends where the first of them does. */
function newestOf(pages: readonly StorePage[], limit: number): StorePage {
  const end = Math.max(...pages.map(({ next }) => next ?? 0))
  const all = pages.flatMap(({ entries }) => entries).filter(({ position }) => position >= end)
  const entries = all.toSorted((a, b) => b.position - a.position).slice(0, limit)
  if (entries.length < all.length) return { entries, next: entries.at(-1)?.position ?? null }
  return { entries, next: end === 0 ? null : end }
}

const Query = z.strictObject({
  before: z.string().max(200).optional(),
  limit: z.coerce.number({ error: 'must be a number from 1 to 100' }).int().min(1).max(100).default(20),
})

const SHOWN: readonly EventType[] = [
  'login.failed',
  'session.created',
  'session.revoked',
  'session.expired',
  'user.changed',
  'user.logged-out',
  'user.blocked',
  'user.unblocked',
  'log.exported',
]

function ownEvent({ id, type, time, subject, data }: CurfewEvent): OwnEvent {
  const { actor, reason, provider, ref, ip, userAgent, field, before, after } = data
  const by = actor === subject ? 'you' : actor === 'system' ? 'curfew' : actor === null ? 'nobody' : 'admin'
  const isTheirs = by !== 'admin'
  return {
    id,
    type,
    time,
    by,
    ...(isTheirs && reason !== undefined ? { reason } : {}),
    ...(provider === undefined ? {} : { provider }),
    ...(ref === undefined ? {} : { ref }),
    ...(isTheirs && userAgent !== undefined ? { device: deviceName(userAgent) } : {}),
    ...(isTheirs && ip !== undefined ? { ip } : {}),
    ...(type === 'user.changed' ? { field: String(field), before: before ?? '', after: after ?? '' } : {}),
  }
}
