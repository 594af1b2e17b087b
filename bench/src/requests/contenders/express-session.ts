import { RedisStore } from 'connect-redis'
import express from 'express'
import session from 'express-session'
import { Redis } from 'ioredis'
import { ADA, type Contender, GREETING, SIGN_IN, type Surroundings, signInAt } from '../contender.js'

declare module 'express-session' {
  interface SessionData {
    user: typeof ADA
  }
}

/** express-session with connect-redis, set as its README advises. */
export async function expressSession({ redisUrl }: Surroundings): Promise<Contender> {
  const app = express()
  app.use(
    session({
      store: new RedisStore({ client: new Redis(redisUrl), prefix: 'express:' }),
      secret: 'a key that signs the cookie, and is long enough',
      resave: false,
      saveUninitialized: false,
    }),
  )
  app.use((request, response) => {
    if (request.path === SIGN_IN) request.session.user = ADA
    response.status(request.session.user === undefined ? 401 : 200).send(GREETING)
  })
  return { handler: app, signIn: signInAt }
}
