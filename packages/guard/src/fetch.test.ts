import { deferred, givenSession, openRedis, serve, signOff } from '@curfew/testing'
import { getRequestListener } from '@hono/node-server'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { requireRole, requireSession, sessionOf, signalOf } from './fetch.js'
import { adapterContract, type StartApp } from './testing/adapter-contract.js'
import { givenGuard } from './testing/given-guard.js'
import { helloUntil } from './testing/hello-until.js'

const test = suite('guard: fetch')

const startApp: StartApp = (guard, { work, late }) => {
  const welcome = requireRole(['admin', 'root'], () => new Response('welcome'))
  const inner = requireSession(guard, async (request) => {
    switch (new URL(request.url).pathname) {
      case '/in/who':
        return new Response(sessionOf(request).user.id)
      case '/in/admins':
        return welcome(request)
      case '/in/work':
        return new Response(await work(signalOf(request), signalOf(request)))
      case '/in/late':
        late(() => signalOf(request))
        return new Response('soon')
      default:
        return new Response(helloUntil(signalOf(request)), {
          headers: { 'Content-Type': 'text/event-stream' },
        })
    }
  })
  const own = requireSession(guard, () => new Response('let in'), {
    refuse: (_request, { code }) => new Response(code, { status: 418 }),
  })
  const thrown = requireSession(guard, () => new Response('let in'), {
    refuse() {
      throw new Error('I’m a teapot')
    },
  })
  const open = (request: Request) => new Response(sessionOf(request).user.id)

  function route(request: Request): Response | Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname.startsWith('/in/')) return inner(request)
    if (pathname === '/own') return own(request)
    return pathname === '/thrown' ? thrown(request) : open(request)
  }
  const errorHandler = (error: unknown) =>
    new Response('', { status: String(error).includes('teapot') ? 418 : 500 })
  return serve(getRequestListener(route, { errorHandler }))
}

adapterContract(test, startApp)

test('work that is aborted is answered in the words of the service, where it has its own', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const { cookie, record } = await givenSession(redis, world.namespace)
  const begun = deferred<void>()
  const work = async (request: Request): Promise<Response> => {
    const signal = signalOf(request)
    begun.resolve()
    await new Promise((aborted) => signal.addEventListener('abort', aborted))
    throw signal.reason
  }
  const handle = requireSession(world.guard, work, {
    refuse: (_request, { code }) => new Response(code, { status: 418 }),
  })
  const answering = handle(new Request('http://localhost/', { headers: { cookie } }))
  await begun.promise

  await signOff(redis, world.namespace, { session: record })

  const answer = await answering
  assert.equal([answer.status, await answer.text()], [418, 'session-required'])
})

test.run()
