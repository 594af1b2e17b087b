import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, type RequestListener, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { type CurfewEvent, keysOf, parseEvent, redisConnection } from '@curfew/contract'
import { createGuard } from '@curfew/guard'
import { createLog, openRedis } from '@curfew/service'
import {
  type Browser,
  createBrowser,
  eventually,
  freshNamespace,
  openFirstHistory,
  redisUrl,
  serve,
} from '@curfew/testing'
import { Redis } from 'ioredis'
import { createIdentityApp } from '../app.js'
import { readConfig } from '../config.js'
import { createSessions } from '../sessions/sessions.js'
import { createSeal } from '../tokens/seal.js'
import { type LoginWanted, signInTo } from './logins.js'

export interface AppWanted {
  /** @default the shared one of this test process */
  readonly redisUrl?: string
  /** Another instance of identity, over the same Redis. */
  readonly beside?: { readonly namespace: string; readonly tokenKey: Buffer }
  /** @default "identity-1" */
  readonly instance?: string
  /** @default one that nothing else has */
  readonly namespace?: string
  /** More of the environment. */
  readonly env?: Readonly<Record<string, string>>
}

export interface SignedIn extends Awaited<ReturnType<typeof signInTo>> {
  readonly browser: Browser
}

/** What is never to be seen again outside of cookies and of identity's own memory. */
export const CLIENT_SECRET = 'client-secret-of-the-provider'

const LEASE_MS = 600

/** Identity as `main.ts` builds it, served on a port of its own. Nobody ever asks its provider. */
export async function givenApp(wanted: AppWanted = {}) {
  const { redisUrl: wantedRedisUrl, beside, instance = 'identity-1', env = {} } = wanted
  const url = wantedRedisUrl ?? (await redisUrl())
  const namespace = wanted.namespace ?? beside?.namespace ?? freshNamespace()
  const keys = keysOf(namespace)
  let handler: RequestListener = (_request, response) => response.writeHead(503).end()
  const served = await serve((request, response) => handler(request, response))
  const tokenKey = beside?.tokenKey ?? randomBytes(32)
  const config = readConfig({
    PORT: '0',
    PUBLIC_URL: served.url,
    REDIS_URL: url,
    NAMESPACE: namespace,
    INSTANCE: instance,
    LEASE_MS: String(LEASE_MS),
    LOG_LEVEL: 'debug',
    TOKEN_KEYS: tokenKey.toString('base64url'),
    CURFEW_PROVIDER_DEV_CLIENT_ID: 'curfew',
    CURFEW_PROVIDER_DEV_CLIENT_SECRET: CLIENT_SECRET,
    // Plain OAuth 2.0: there is nothing to be discovered.
    CURFEW_PROVIDER_DEV_AUTHORIZATION_URL: 'https://provider.test/authorize',
    CURFEW_PROVIDER_DEV_TOKEN_URL: 'https://provider.test/token',
    CURFEW_PROVIDER_DEV_USERINFO_URL: 'https://provider.test/userinfo',
    ...env,
  })

  const logged: string[] = []
  const log = createLog({
    service: 'identity',
    instance: config.INSTANCE,
    level: config.LOG_LEVEL,
    destination: { write: (line) => void logged.push(line) },
  })
  const redis = await openRedis(config.REDIS_URL, { name: config.INSTANCE, log })
  await openFirstHistory(url, namespace)
  const guard = createGuard({
    redisUrl: config.REDIS_URL.href,
    service: 'identity',
    publicUrl: config.PUBLIC_URL,
    instance: config.INSTANCE,
    namespace,
    leaseMs: config.LEASE_MS,
    serveSignedOffUsersForMs: config.SERVE_SIGNED_OFF_USERS_FOR_MS,
    onError: (error) => log.warn('guard.disturbed', { error }),
  })
  const identity = createIdentityApp({ config, guard, redis, keys, log })
  await eventually(async () => (await identity.ready()) === true)
  handler = identity.app.callback()

  // A connection of the test's own: what it looks into is still there when identity's is not.
  const looking = new Redis({ ...redisConnection(url) }).on('error', (error) =>
    log.debug('test.disturbed', { error }),
  )
  const seal = createSeal([tokenKey])
  const browsers: Browser[] = []

  async function openBrowser(cookie?: string): Promise<Browser> {
    const browser = createBrowser(served.url)
    browsers.push(browser)
    if (cookie !== undefined) await browser.setCookie(`${cookie}; Path=/; HttpOnly; SameSite=Lax`)
    return browser
  }

  async function login(
    wanted: LoginWanted = {},
    { idleTtlMs = 1_800_000, absoluteTtlMs = 43_200_000 } = {},
  ): Promise<SignedIn> {
    const head = Number(await looking.get(keys.sequence))
    const sessions = createSessions(looking, keys, seal, { idleTtlMs, absoluteTtlMs }, guard)
    const signedIn = await signInTo(sessions, { beganAtSequence: head, ...wanted })
    // Lists are in the order of time, which within a millisecond is none.
    const at = Date.now()
    await eventually(() => Date.now() > at)
    return { ...signedIn, browser: await openBrowser(signedIn.cookie) }
  }

  /** The whole event log, oldest first. */
  async function everything(): Promise<CurfewEvent[]> {
    const entries = await looking.xrange(keys.log, '-', '+')
    return entries.flatMap(([, [, json = '']]) => parseEvent(json) ?? [])
  }

  return {
    url: served.url,
    redisUrl: url,
    namespace,
    tokenKey,
    keys,
    config,
    guard,
    identity,
    seal,
    redis: looking,
    /** Lines of the log, as they were written. */
    logged,
    /** A browser that has this cookie, or none. */
    openBrowser,
    /** Somebody who has just signed in, with the browser they did it in. */
    login,
    loginAdmin: () => login({ subject: 'root', name: 'Root Admin', roles: ['admin'] }),
    /** A request as a program sends it: nothing is in it but what is given. */
    ask: (path: string, wanted: AskWanted = {}): Promise<Answered> => ask(new URL(path, served.url), wanted),

    /** The event log, oldest first, without what identity notices by itself: that comes at any time. */
    async events(): Promise<CurfewEvent[]> {
      return (await everything()).filter(
        ({ type }) => !/^(instance|history)\.|^sign-off\.confirmed$/.test(type),
      )
    },
    everything,

    async [Symbol.asyncDispose]() {
      for (const browser of browsers) await browser[Symbol.asyncDispose]()
      await identity.stop()
      await guard.close()
      redis.disconnect()
      looking.disconnect()
      await served[Symbol.asyncDispose]()
    },
  }
}

export type GivenApp = Awaited<ReturnType<typeof givenApp>>

export interface AskWanted {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

async function ask(url: URL, { method = 'GET', headers = {}, body }: AskWanted): Promise<Answered> {
  const sent = request(url, { method, agent: false, headers: { Connection: 'close', ...headers } })
  sent.end(body)
  const [answer]: IncomingMessage[] = await once(sent, 'response')
  if (answer === undefined) throw new TypeError('a response event without a response')
  const got = new Headers()
  for (const [name, values] of Object.entries(answer.headersDistinct)) {
    for (const value of values ?? []) got.append(name, value)
  }
  return { status: answer.statusCode ?? 0, headers: got, text: await text(answer) }
}
