import { serve } from '@curfew/testing'
import { getRequestListener } from '@hono/node-server'
import { suite } from 'uvu'
import { requireRole, requireSession, sessionOf, signalOf } from './fetch.js'
import { adapterContract, type StartApp } from './testing/adapter-contract.js'
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

adapterContract(test, startApp, { abortedStatus: 500 })

test.run()
