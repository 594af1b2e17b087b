import { createServer } from 'node:http'
import Koa from 'koa'

/**
 * A process like a service's, small: for tests of what starts and ends processes.
 *
 * `BEHAVIOUR`: `dies-at-start`, `never-ready`, `ignores-sigterm`, or well-behaved without it. It notes its end in
 * the file `DIARY`, by its name.
 */
const { PORT, NAME, BEHAVIOUR, DIARY } = process.env
const { appendFileSync } = await import('node:fs')

if (BEHAVIOUR === 'dies-at-start') {
  console.log('{"event":"service.starting"}')
  throw new Error('the cellar is flooded')
}

const app = new Koa()
app.use(async function answer(ctx) {
  if (ctx.path === '/readyz') ctx.status = BEHAVIOUR === 'never-ready' ? 503 : 200
  if (ctx.path === '/die') process.exit(3)
  ctx.body = { pid: process.pid }
})
const server = createServer(app.callback()).listen(Number(PORT), 'localhost')

process.on('SIGTERM', () => {
  if (BEHAVIOUR === 'ignores-sigterm') return
  if (DIARY !== undefined) appendFileSync(DIARY, `${NAME}\n`)
  server.close(() => process.exit(0))
  server.closeAllConnections()
})
process.on('SIGINT', () => process.exit(9)) // a Ctrl-C must not reach it
