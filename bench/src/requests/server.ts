/** The process of one contender: it serves it, and says how much CPU time that took. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerQuestions } from '../process.js'
import type { Contender, StartContender, Surroundings } from './contender.js'
import { bareExpress } from './contenders/bare-express.js'
import { bareKoa, idleMiddleware } from './contenders/bare-koa.js'
import { expressSession } from './contenders/express-session.js'
import { guardedKoa } from './contenders/guarded-koa.js'
import { jose } from './contenders/jose.js'
import { koaSession } from './contenders/koa-session.js'

const CONTENDERS: Readonly<Record<string, StartContender>> = {
  'bare Koa': bareKoa,
  'Koa, idle middleware': idleMiddleware,
  'Koa, guard': guardedKoa,
  'Koa, koa-session': koaSession,
  'Koa, jose HS256': () => jose('HS256'),
  'Koa, jose ES256': () => jose('ES256'),
  'Koa, jose RS256': () => jose('RS256'),
  'Koa, jose EdDSA': () => jose('EdDSA'),
  'bare Express': bareExpress,
  'Express, express-session': expressSession,
}

let contender: Contender | undefined

answerQuestions({
  /** Starts the contender of this name. Answers its port, and a header line for each of its callers. */
  async start(name: string, callers: number, surroundings: Surroundings) {
    const startContender = CONTENDERS[name]
    if (startContender === undefined) throw new TypeError(`there is no contender called ${name}`)
    const started = await startContender(surroundings)
    contender = started
    // Connections are kept while the others have their turn.
    const patient = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 }
    const server = createServer(patient, started.handler).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = addressOf(server.address())
    const signIn = () => started.signIn(`http://127.0.0.1:${port}`)
    return { port, headers: await Promise.all(Array.from({ length: callers }, signIn)) }
  },

  /** CPU time of this process so far, in microseconds. */
  cpuUs() {
    const { user, system } = process.cpuUsage()
    return user + system
  },

  leave: () => contender?.leave?.(),
})

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new TypeError('not listening on a port')
  return address
}
