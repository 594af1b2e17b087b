import type { Context } from 'koa'
import type { SignedOff } from '../sign-off/signed-off.js'

/** Answers with a receipt: 200 once it is confirmed, 202 while an instance is still pending. */
export async function answerReceipt(ctx: Context, signedOff: SignedOff): Promise<void> {
  const receipt = await signedOff.within()
  ctx.status = receipt.confirmed ? 200 : 202
  ctx.body = receipt
}
