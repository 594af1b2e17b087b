import express from 'express'
import { type Contender, GREETING } from '../contender.js'

/** What of express-session's figure is Express. */
export async function bareExpress(): Promise<Contender> {
  const app = express()
  app.use((_request, response) => {
    response.send(GREETING)
  })
  return { handler: app, signIn: async () => `Cookie: connect.sid=${'A'.repeat(80)}` }
}
