import type { Guard } from '@curfew/guard'
import type { SessionState } from '@curfew/guard/koa'
import type { ParameterizedContext } from 'koa'

const EVERY_MS = 40

/**
 * Holds a stream of server-sent events: `data: <number> <moment>`.
 *
 * The moment is taken *before* the guard is asked: a message that carries a later one than a confirmation was
 * allowed after it, whatever the network did to it then.
 */
export function tellNumbers(ctx: ParameterizedContext<SessionState>, guard: Guard): void {
  const { res } = ctx
  ctx.respond = false
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  let number = 0

  const hold = guard.hold(ctx.state.session, () => res.destroy())
  const timer = setInterval(() => {
    const moment = process.hrtime.bigint()
    if (hold.mayDeliver()) res.write(`data: ${++number} ${moment}\n\n`)
  }, EVERY_MS)
  res.once('close', () => {
    clearInterval(timer)
    hold.release()
  })
}
