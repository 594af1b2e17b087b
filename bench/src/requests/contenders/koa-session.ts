import { Redis } from 'ioredis'
import Koa from 'koa'
import createSession from 'koa-session'
import { ADA, type Contender, GREETING, SIGN_IN, type Surroundings, signInAt } from '../contender.js'

declare module 'koa-session' {
  interface Session {
    user?: typeof ADA
  }
}

/** koa-session as it comes, with a signed cookie, over the smallest store that keeps sessions in Redis. */
export async function koaSession({ redisUrl }: Surroundings): Promise<Contender> {
  const redis = new Redis(redisUrl)
  const app = new Koa()
  app.keys = ['a key that signs the cookie, and is long enough']
  app.use(
    createSession(
      {
        store: {
          async get(key) {
            const json = await redis.get(`koa:${key}`)
            return json === null ? null : JSON.parse(json)
          },
          async set(key, session, maxAge) {
            await redis.set(`koa:${key}`, JSON.stringify(session), 'PX', Number(maxAge))
          },
          async destroy(key) {
            await redis.del(`koa:${key}`)
          },
        },
      },
      app,
    ),
  )
  app.use((ctx) => {
    if (ctx.path === SIGN_IN) ctx.session.user = ADA
    if (ctx.session.user === undefined) ctx.throw(401)
    ctx.body = GREETING
  })
  return { handler: app.callback(), signIn: signInAt }
}
