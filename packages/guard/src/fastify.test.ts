import { PassThrough } from 'node:stream'
import { serve } from '@curfew/testing'
import fastify from 'fastify'
import { suite } from 'uvu'
import { requireRole, requireSession, sessionOf, signalOf } from './fastify.js'
import { adapterContract, type StartApp } from './testing/adapter-contract.js'

const test = suite('guard: fastify')

const startApp: StartApp = async (guard, { work, late }) => {
  const app = fastify()
  app.register(
    async (inner) => {
      inner.addHook('onRequest', requireSession(guard))
      inner.route({
        method: ['GET', 'POST'],
        url: '/who',
        handler: async (request) => sessionOf(request).user.id,
      })
      inner.get('/admins', { preHandler: requireRole(['admin', 'root']) }, async () => 'welcome')
      inner.get('/work', async (request) => work(signalOf(request), signalOf(request)))
      inner.get('/late', async (request) => {
        late(() => signalOf(request))
        return 'soon'
      })
      inner.get('/stream', (request, reply) => {
        const stream = new PassThrough()
        signalOf(request).addEventListener('abort', () => stream.end())
        stream.write('data: hello\n\n')
        reply.type('text/event-stream').send(stream)
      })
    },
    { prefix: '/in' },
  )
  const own = requireSession(guard, {
    refuse: (_request, reply, { code }) => void reply.code(418).send(code),
  })
  const thrown = requireSession(guard, {
    refuse() {
      throw Object.assign(new Error('I’m a teapot'), { statusCode: 418 })
    },
  })
  app.get('/own', { onRequest: own }, async () => 'let in')
  app.get('/thrown', { onRequest: thrown }, async () => 'let in')
  app.get('/open', async (request) => sessionOf(request).user.id)
  await app.ready()
  return serve(app.routing)
}

adapterContract(test, startApp, { hasOwnErrorBody: true })

test.run()
