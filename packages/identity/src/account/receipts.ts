import type { Receipt } from '@curfew/contract'
import type { Context } from 'koa'

/** Answers with a receipt: 200 once it is confirmed, 202 while an instance is still pending. */
export function answerReceipt(ctx: Context, receipt: Receipt): void {
  ctx.status = receipt.confirmed ? 200 : 202
  ctx.body = receipt
}
