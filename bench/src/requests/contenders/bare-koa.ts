import Koa from 'koa'
import { type Contender, GREETING } from '../contender.js'

/** What all the others are compared with: it asks nobody who they are, and is sent the same cookie. */
export async function bareKoa(): Promise<Contender> {
  return answering(new Koa())
}

/** The floor of any guard that is a middleware: one that does nothing. */
export async function idleMiddleware(): Promise<Contender> {
  const app = new Koa()
  app.use((_ctx, next) => next())
  return answering(app)
}

function answering(app: Koa): Contender {
  app.use((ctx) => {
    ctx.body = GREETING
  })
  return {
    handler: app.callback(),
    signIn: async () => `Cookie: curfew=${'A'.repeat(44)}`,
  }
}
