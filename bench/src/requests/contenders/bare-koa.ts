import Koa from 'koa'
import { type Contender, GREETING } from '../contender.js'

/** What all the others are compared with: it asks nobody who they are, and is sent the same cookie. */
export async function bareKoa(): Promise<Contender> {
  const app = new Koa()
  app.use((ctx) => {
    ctx.body = GREETING
  })
  return {
    handler: app.callback(),
    signIn: async () => `Cookie: curfew=${'A'.repeat(44)}`,
  }
}
