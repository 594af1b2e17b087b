import { PassThrough } from 'node:stream'
import { serve } from '@curfew/testing'
import Koa, { type Context, type Middleware, type Next } from 'koa'
import { suite } from 'uvu'
import { requireRole, requireSession, sessionOf, signalOf } from './koa.js'
import { adapterContract, type StartApp } from './testing/adapter-contract.js'

const test = suite('guard: koa')

const startApp: StartApp = (guard, { work, late }) => {
  const requireAdmin = requireRole(['admin', 'root'])
  const refuse = (ctx: Context, { code }: { code: string }) => {
    ctx.status = 418
    ctx.body = code
  }

  async function inner(ctx: Context): Promise<void> {
    switch (ctx.path) {
      case '/who':
        ctx.body = sessionOf(ctx).user.id
        break
      case '/admins':
        await requireAdmin(ctx, async () => {
          ctx.body = 'welcome'
        })
        break
      case '/work':
        ctx.body = await work(signalOf(ctx), signalOf(ctx))
        break
      case '/late':
        ctx.body = 'soon'
        late(() => signalOf(ctx))
        break
      case '/stream': {
        const stream = new PassThrough()
        signalOf(ctx).addEventListener('abort', () => stream.end())
        stream.write('data: hello\n\n')
        ctx.type = 'text/event-stream'
        ctx.body = stream
      }
    }
  }

  const app = new Koa()
  app.silent = true // What a handler throws is no news here.
  app.use(mount('/in', requireSession(guard), inner))
  app.use(mount('/own', requireSession(guard, { refuse }), inner))
  app.use(mount('/thrown', requireSession(guard, { refuse: (ctx) => ctx.throw(418) }), inner))
  app.use(async (ctx) => {
    ctx.body = sessionOf(ctx).user.id
  })
  return serve(app.callback())
}

// found 2026-11-26: below a mounted app, people came back to the path without its prefix
adapterContract(test, startApp, { hasOwnErrorBody: true })

test.run()

/** As koa-mount does it: what is mounted sees the path without the prefix. */
function mount(prefix: string, above: Middleware, handle: (ctx: Context) => Promise<void>) {
  return async function mount(ctx: Context, next: Next): Promise<void> {
    const { path } = ctx
    if (!path.startsWith(prefix)) return next()
    ctx.path = path.slice(prefix.length) || '/'
    await above(ctx, () => handle(ctx))
    ctx.path = path
  }
}
