/** One server in a process of its own, so that its CPU time is its own: `node server.js bare|guard <redis url> <namespace>`. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGuard } from '@curfew/guard'
import { requireSession } from '@curfew/guard/koa'
import Koa from 'koa'

const [, , variant, redisUrl = '', namespace = ''] = process.argv

const app = new Koa()
if (variant === 'guard') {
  const guard = createGuard({ redisUrl, namespace, service: 'bench', publicUrl: new URL('http://localhost') })
  await guard.ready()
  app.use(requireSession(guard))
}
app.use((ctx) => {
  ctx.body = 'hello'
})

const server = createServer(app.callback()).listen(0, '127.0.0.1', () => {
  process.send?.({ port: addressOf().port })
})
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMicroseconds: user + system })
})
process.on('disconnect', () => process.exit(0))

function addressOf(): AddressInfo {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('not listening on a port')
  return address
}
