import type { Receipt } from '@curfew/contract'
import { ServiceError } from '@curfew/service'
import type { Context } from 'koa'
import type { SignedOff } from '../sign-off/signed-off.js'
import { preferredWait, sayWaited } from './prefer-wait.js'
import type { Receipts } from './receipts.js'

/**
 * Answers a sign-off: 200 with the receipt as soon as it is confirmed; else, when the caller has waited for
 * as long as they wanted (`Prefer: wait`) or as it can take, 202 with where to ask again.
 */
export async function answerReceipt(ctx: Context, signedOff: SignedOff, receipts: Receipts): Promise<void> {
  const wait = receipts.mayKeep ? preferredWait(ctx) : null
  if (wait !== null) sayWaited(ctx, wait)
  const receipt = await signedOff.within(wait === null ? undefined : wait * 1000)
  give(ctx, receipt)
  if (receipt.confirmed) return
  ctx.status = 202
  ctx.set('Location', receiptPath(await receipts.keep(signedOff)))
}

/**
 * `GET /auth/receipts/:capability`: a receipt as it fills. With `Prefer: wait` it is answered once it is
 * confirmed, or after so long. Any identity answers, and nobody needs a session: it may be the one that ended.
 */
export function showReceipt(receipts: Receipts) {
  return async function showReceipt(ctx: Context): Promise<void> {
    const wait = preferredWait(ctx)
    if (wait !== null) sayWaited(ctx, wait)
    const receipt = await receipts.find(String(ctx['params'].capability), (wait ?? 0) * 1000)
    if (receipt === null) {
      throw new ServiceError('not-found', 'There is no such receipt, or it has had its time: ten minutes.')
    }
    give(ctx, receipt)
  }
}

/** Instances answer one by one. */
const ASK_AGAIN_SECONDS = 1

const receiptPath = (capability: string) => `/auth/receipts/${capability}`

function give(ctx: Context, receipt: Receipt): void {
  if (!receipt.confirmed) ctx.set('Retry-After', String(ASK_AGAIN_SECONDS))
  ctx.body = receipt
}
