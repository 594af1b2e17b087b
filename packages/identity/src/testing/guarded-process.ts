import { once } from 'node:events'
import { createServer } from 'node:http'
import { createGuard } from '@curfew/guard'
import { eventually } from '@curfew/testing'

/** Says who is calling: 200, 401 when nobody is, 503 when that can't be told. */
const [redisUrl = '', namespace = '', leaseMs = ''] = process.argv.slice(2)

const guard = createGuard({
  redisUrl,
  namespace,
  service: 'guarded',
  publicUrl: new URL('http://localhost'),
  leaseMs: Number(leaseMs),
})
const STATUS = { session: 200, none: 401, unavailable: 503 }
const server = createServer(async (request, response) => {
  const { kind } = await guard.decide(request.headers.cookie)
  response.writeHead(STATUS[kind]).end()
}).listen(0)
await once(server, 'listening')
await guard.ready()
await eventually(() => guard.stats().listening)

process.on('disconnect', () => process.exit(1))
process.send?.({ port: Object(server.address()).port, instance: guard.instance })
