import { createGuard } from '@curfew/guard'
import { requireSession, type SessionState } from '@curfew/guard/koa'
import Koa, { type ParameterizedContext } from 'koa'
import { tellNumbers } from './tell-numbers.js'

/**
 * A service that mounts the guard, as small as can be: everything it answers says who was accepted.
 *
 * | path            | answers                                                                      |
 * | --------------- | ---------------------------------------------------------------------------- |
 * | `/ready`        | whether the guard holds a lease; asks for no session                         |
 * | `/stall?ms=`    | keeps the event loop busy, as bad code does; asks for no session             |
 * | `/who`          | the session's ref and user                                                   |
 * | `/slow?ms=`     | the same, so much later                                                      |
 * | `/numbers`      | numbered messages without end, each delivered only if the guard allows it    |
 */
const { PORT, PUBLIC_URL = '', REDIS_URL = '', INSTANCE = '', LEASE_MS } = process.env

const guard = createGuard({
  redisUrl: REDIS_URL,
  service: INSTANCE,
  publicUrl: new URL(PUBLIC_URL),
  leaseMs: Number(LEASE_MS),
  onError: (error) => console.error(new Date().toISOString(), String(error)),
})

const app = new Koa<SessionState>()
app.use(async (ctx, next) => {
  if (ctx.path === '/ready') ctx.status = guard.stats().following ? 200 : 503
  else if (ctx.path === '/stall') stall(Number(ctx.query['ms']))
  else return next()
  ctx.body = ''
})
app.use(requireSession(guard))
app.use(async (ctx) => {
  if (ctx.path === '/numbers') return tellNumbers(ctx, guard)
  if (ctx.path === '/slow') await after(Number(ctx.query['ms']))
  who(ctx)
})
app.listen(Number(PORT))

// Whoever started us ends us by SIGKILL, or is gone.
process.on('disconnect', () => process.exit(1))

function who(ctx: ParameterizedContext<SessionState>): void {
  const { ref, user } = ctx.state.session
  ctx.body = { ref, user: user.id, from: ctx.state.sessionFrom }
}

function stall(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
