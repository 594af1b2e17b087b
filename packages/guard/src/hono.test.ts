import { serve } from '@curfew/testing'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { suite } from 'uvu'
import { requireRole, requireSession, sessionOf, signalOf } from './hono.js'
import { adapterContract, type StartApp } from './testing/adapter-contract.js'
import { helloUntil } from './testing/hello-until.js'

const test = suite('guard: hono')

const startApp: StartApp = (guard, { work, late }) => {
  const inner = new Hono()
    .use(requireSession(guard))
    .on(['GET', 'POST'], '/who', (c) => c.text(c.var.session.user.id))
    .get('/admins', requireRole(['admin', 'root']), (c) => c.text('welcome'))
    .get('/work', async (c) => c.text(await work(signalOf(c), signalOf(c))))
    .get('/late', (c) => {
      late(() => signalOf(c))
      return c.text('soon')
    })
    .get('/stream', (c) =>
      c.body(helloUntil(signalOf(c)), { headers: { 'Content-Type': 'text/event-stream' } }),
    )

  const app = new Hono()
    .route('/in', inner)
    .get('/own', requireSession(guard, { refuse: (c, { code }) => c.text(code, 418) }))
    .get('/thrown', requireSession(guard, { refuse: teapot }))
    .get('/open', (c) => c.text(sessionOf(c).user.id))
    // As Hono itself answers, without writing the stack.
    .onError((error, c) =>
      'getResponse' in error ? error.getResponse() : c.text('Internal Server Error', 500),
    )
  return serve(getRequestListener(app.fetch))
}

adapterContract(test, startApp)

test.run()

function teapot(): never {
  throw new HTTPException(418)
}
