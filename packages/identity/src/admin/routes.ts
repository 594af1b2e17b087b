import { type Instances, isRef, type SessionRecord } from '@curfew/contract'
import { parseBody, parseInput, ServiceError } from '@curfew/service'
import Router from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { authorOf } from '../account/author.js'
import { describeSession, noSuchSession } from '../account/own-sessions.js'
import { plainText } from '../plain-text.js'
import { answerReceipt } from '../receipts/answer-receipt.js'
import type { Receipts } from '../receipts/receipts.js'
import type { Sessions } from '../sessions/sessions.js'
import type { User, Users } from '../sessions/users.js'
import type { SignOffs } from '../sign-off/sign-offs.js'

export interface AdminOptions {
  readonly users: Users
  readonly sessions: Sessions
  readonly signOffs: SignOffs
  readonly receipts: Receipts
  readonly instances: () => Promise<Instances>
}

const Search = z.object({
  query: z.string().max(200).default(''),
  cursor: z.string().nullable().default(null),
})

const BlockInput = z.object({
  reason: z
    .string()
    .trim()
    .max(500)
    .nullish()
    .transform((reason) => plainText(reason ?? '', 500) || null),
})

/** What an operator does to users and their sessions. Mounted below `requireRole('admin')`. */
export function adminRoutes({ users, sessions, signOffs, receipts, instances }: AdminOptions): Router {
  const router = new Router()

  router.get('/users', async (ctx) => {
    const { query, cursor } = parseInput(Search, ctx.query)
    const page = await users.search(query, cursor)
    ctx.body = { users: page.users.map(describeUser), next: page.next }
  })

  router.get('/users/:id', async (ctx) => {
    ctx.body = describeUser(await findUser(ctx))
  })

  router.get('/users/:id/sessions', async (ctx) => {
    const user = await findUser(ctx)
    const listed = await sessions.listOf(user.id)
    ctx.body = { sessions: listed.map((one) => describeSession(one, caller(ctx).ref)) }
  })

  router.post('/users/:id/block', async (ctx) => {
    const { reason } = parseBody(BlockInput, ctx)
    const user = await findUser(ctx)
    if (user.id === caller(ctx).user.id) {
      throw new ServiceError('conflict', 'You can’t block yourself: nobody might be left to unblock you.')
    }
    const signedOff = orNoUser(await signOffs.block(user, authorOf(ctx, caller(ctx)), reason))
    await answerReceipt(ctx, signedOff, receipts)
  })

  router.post('/users/:id/unblock', async (ctx) => {
    const user = await findUser(ctx)
    const unblocked = await signOffs.unblock(user, authorOf(ctx, caller(ctx)))
    if (unblocked !== 'lifted') throw new ServiceError('conflict', NOT_LIFTED[unblocked])
    ctx.body = describeUser(await findUser(ctx))
  })

  router.post('/users/:id/logout', async (ctx) => {
    const user = await findUser(ctx)
    const by = authorOf(ctx, caller(ctx))
    const signedOff = orNoUser(await signOffs.endUser(user, by, { reason: 'admin' }))
    await answerReceipt(ctx, signedOff, receipts)
  })

  router.delete('/sessions/:ref', async (ctx) => {
    const { ref = '' } = ctx.params
    const session = isRef(ref) ? await sessions.find(ref) : null
    const signedOff = session && (await signOffs.endSession(session, 'admin', authorOf(ctx, caller(ctx))))
    if (signedOff === null) throw noSuchSession()
    await answerReceipt(ctx, signedOff, receipts)
  })

  router.get('/instances', async (ctx) => {
    ctx.body = await instances()
  })

  async function findUser(ctx: Context): Promise<User> {
    return orNoUser(await users.find(String(ctx['params'].id)))
  }

  return router
}

const NOT_LIFTED = {
  'not blocked': 'This user is not blocked.',
  'blocked anew':
    'Somebody has blocked this user again in the meantime. Look who it was, and why, before you lift that block too.',
}

function caller(ctx: Context): SessionRecord {
  return ctx.state['session']
}

function orNoUser<T>(found: T | null): T {
  if (found === null) throw new ServiceError('not-found', 'There is no such user.')
  return found
}

/** The generation is nobody's business but the guards'. */
function describeUser({ generation, ...shown }: User) {
  return shown
}
