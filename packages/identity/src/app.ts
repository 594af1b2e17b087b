import { randomBytes } from 'node:crypto'
import { boundMs, type Keys, type SessionRecord } from '@curfew/contract'
import type { Guard } from '@curfew/guard'
import { requireRole, requireSession } from '@curfew/guard/koa'
import {
  correlate,
  createMetrics,
  type Log,
  logRequests,
  measureRequests,
  noStore,
  readBody,
  refuse,
  reportHealth,
  requireSameOrigin,
  respondWithErrors,
  securityHeaders,
  serveAssets,
} from '@curfew/service'
import Router from '@koa/router'
import type { Redis } from 'ioredis'
import Koa, { type Context } from 'koa'
import { ASSETS } from './account/assets.js'
import { authorOf, type Caller } from './account/author.js'
import { createFarewells } from './account/farewells.js'
import { showLanding } from './account/landing-page.js'
import { endOwnSession, endOwnSessionByForm, listOwnSessions } from './account/own-sessions.js'
import { showSession, streamSession } from './account/show-session.js'
import { signOut } from './account/sign-out.js'
import { createSignedOffCookie } from './account/signed-off-cookie.js'
import { showSignedOff } from './account/signed-off-page.js'
import { adminRoutes } from './admin/routes.js'
import type { IdentityConfig } from './config.js'
import { createLogWriter } from './log-writer.js'
import { beginLogin, chooseProvider } from './login/begin-login.js'
import { boundFailures } from './login/bounded-failures.js'
import { finishLogin, offerToSignInAgain } from './login/finish-login.js'
import type { ProviderTokens } from './login/finished-login.js'
import { limitLogins } from './login/limit-logins.js'
import { createLoginCookies } from './login/login-cookies.js'
import { createTransactions } from './login/transactions.js'
import { createIdentityMetrics } from './metrics.js'
import { endSessionUrl as endSessionUrlOf } from './providers/end-session.js'
import { createProviders, type Provider } from './providers/providers.js'
import { revokeTokens } from './providers/revoke.js'
import { createKoaSession } from './seams/koa-session.js'
import { createPassport } from './seams/passport.js'
import { createKoaSessionStore } from './sessions/koa-session-store.js'
import { createSessions, type Sessions } from './sessions/sessions.js'
import { createUsers } from './sessions/users.js'
import { createBell } from './sign-off/bell.js'
import { recordOnDisk, recordOnReplicas } from './sign-off/record-durably.js'
import { createRecovery } from './sign-off/recovery.js'
import { rememberSignOffs } from './sign-off/remembered.js'
import { createSignOffs, type SignOffs } from './sign-off/sign-offs.js'
import { createSeal, SealBroken } from './tokens/seal.js'
import { startWork } from './work/work.js'

export interface IdentityAppOptions {
  readonly config: IdentityConfig
  readonly guard: Guard
  readonly redis: Redis
  readonly keys: Keys
  readonly log: Log
}

/** The identity service, assembled but not listening. `main.ts` and the tests both start here. */
export function createIdentityApp({ config, guard, redis, keys, log }: IdentityAppOptions) {
  const { PUBLIC_URL: publicUrl } = config
  const onError = (error: unknown) => log.warn('identity.disturbed', { error })
  const times = {
    idleTtlMs: config.SESSION_IDLE_SECONDS * 1000,
    absoluteTtlMs: config.SESSION_ABSOLUTE_SECONDS * 1000,
  }
  const bound = boundMs(config.LEASE_MS)

  const seal = createSeal(config.TOKEN_KEYS)
  const sessions = createSessions(redis, keys, seal, times, guard)
  const users = createUsers(redis, keys)
  const farewells = createFarewells(redis, keys, seal)
  const signedOffCookie = createSignedOffCookie(publicUrl)
  const ears = redis.duplicate({ lazyConnect: true, autoResubscribe: false, disconnectTimeout: 200 })
  const { REDIS_REPLICAS: replicas } = config
  // WAIT blocks its connection, and speaks of nothing but the writes of it.
  const recorder = replicas > 0 ? redis.duplicate({ commandTimeout: 2 * WAIT_TIMEOUT_MS }) : redis
  recorder.on('error', onError)
  const recordDurably =
    replicas > 0
      ? recordOnReplicas({ redis: recorder, replicas, timeoutMs: WAIT_TIMEOUT_MS })
      : recordOnDisk(redis)
  const bell = createBell({ redis, ears, recordDurably, keys, boundMs: bound, onError })
  const metrics = createMetrics('identity')
  const { countLogin, countDroppedFailure, countSignOff } = createIdentityMetrics(metrics)
  const remembered = rememberSignOffs({ redis, keys, guard, onError })
  const recovery = createRecovery({
    recordDurably,
    keys,
    remembered,
    guard,
    times,
    leaseMs: config.LEASE_MS,
    onRecovered: (outcome) => log.warn('store.was-behind', { outcome }),
    onError,
  })
  const stopWatching = guard.onBehind(recovery.onBehind)
  const stopping = new AbortController()
  const signOffs = createSignOffs({
    redis,
    recordDurably,
    keys,
    bell,
    guard,
    times,
    onSignOff: countSignOff,
    stopping: stopping.signal,
  })
  const providers = createProviders(config.providers)
  const writeToLog = createLogWriter(redis, keys)
  const work = startWork({
    redisUrl: config.REDIS_URL.href,
    redis,
    keys,
    sessions,
    revokeTokens: (id, tokens) => revokeAt(providers.find(id), tokens),
    onError,
  })
  const housekeeping = [
    setInterval(() => void bell.lookAround().catch(onError), bound).unref(),
    setInterval(() => void remembered.refresh().catch(onError), REFRESH_EVERY_MS).unref(),
  ]

  async function ready(): Promise<true | string> {
    await redis.ping()
    if (recorder.status !== 'ready') return 'sign-offs can’t be recorded: no connection to Redis'
    const { following, connected } = guard.stats()
    if (!following) return 'the guard has no lease: it is not following the sign-offs'
    // A lease outlives the connection that it came by.
    return connected || 'the guard has no connection to Redis'
  }

  const app = new Koa()
  const passport = createPassport()
  const carrySession = createKoaSession(app, {
    publicUrl,
    absoluteLifetimeMs: times.absoluteTtlMs,
    store: createKoaSessionStore(sessions, (ref, caller) => endReplaced({ sessions, signOffs }, ref, caller)),
  })
  const login = {
    guard,
    providers,
    transactions: createTransactions(redis, keys),
    loginCookies: createLoginCookies(publicUrl),
    signedOffCookie,
    passport,
    publicUrl,
    assets: ASSETS,
    recordFailure: boundFailures({ writeToLog, onDropped: countDroppedFailure, log }),
    log,
  }
  const endSessionUrl = (session: SessionRecord) => endSessionAt(providers.find(session.provider), session)
  const signedIn = requireSession(guard, { refuse })

  const limit = () => limitLogins(config.LOGINS_PER_MINUTE)

  const router = new Router()
    .get('/', showLanding({ guard, sessions, farewells, signedOffCookie }))
    .get('/auth/login', limit(), chooseProvider(login))
    .get('/auth/login/:provider', limit(), (ctx) => beginLogin(login)(ctx))
    .get(
      '/auth/callback/:provider',
      offerToSignInAgain(providers),
      limit(),
      countLogin,
      carrySession,
      passport.initialize,
      finishLogin(login),
    )
    .get('/auth/session', signedIn, showSession)
    .get('/auth/session/stream', signedIn, streamSession(guard))
    .get('/auth/sessions', signedIn, listOwnSessions(sessions))
    .delete('/auth/sessions/:ref', signedIn, endOwnSession(sessions, signOffs))
    .post('/auth/sessions/:ref/end', signedIn, endOwnSessionByForm(sessions, signOffs))
    .post('/auth/logout', signOut({ guard, sessions, signOffs, farewells, signedOffCookie, endSessionUrl }))
    .get('/auth/signed-off/:capability', showSignedOff(guard, farewells))
  const admin = adminRoutes({ users, sessions, signOffs })
  router.use(
    '/auth/admin',
    signedIn,
    requireRole('admin', { refuse }),
    admin.routes(),
    admin.allowedMethods(),
  )

  app.use(reportHealth({ ready, metrics }))
  app.use(correlate())
  app.use(logRequests(log))
  app.use(measureRequests(metrics))
  app.use(securityHeaders(publicUrl))
  app.use(noStore())
  app.use(respondWithErrors(log, { assets: ASSETS, publicUrl, userOf }))
  app.use(serveAssets(ASSETS, new URL('../assets/', import.meta.url)))
  app.use(requireSameOrigin(publicUrl))
  app.use(readBody())
  app.use(router.routes())
  app.use(router.allowedMethods())

  return {
    app,
    ready,
    async stop() {
      for (const timer of housekeeping) clearInterval(timer)
      stopWatching()
      remembered.close()
      stopping.abort()
      await work.stop()
      bell.close()
      if (recorder !== redis) recorder.disconnect()
    },
  }

  /** Asked before the tokens go: the provider wants its ID token back as a hint. */
  async function endSessionAt(provider: Provider | null, session: SessionRecord): Promise<URL | null> {
    if (provider === null) return null
    return endSessionUrlOf(provider, {
      idToken: await idTokenOf(session),
      postLogoutRedirectUri: new URL('/', publicUrl).href,
      state: randomBytes(16).toString('base64url'),
    })
  }

  /** Without it the provider asks whom to sign out. */
  async function idTokenOf({ ref }: SessionRecord): Promise<string | null> {
    try {
      return (await sessions.tokensOf(ref))?.idToken ?? null
    } catch (error) {
      // Sealed by a key that was taken out of the ring: that must keep nobody signed in.
      if (!(error instanceof SealBroken)) throw error
      onError(error)
      return null
    }
  }
}

/** How long a sign-off waits for all replicas. Then it is not durable, and answers 503. Milliseconds. */
const WAIT_TIMEOUT_MS = 1_500

/** Only a block that another identity lifted is not heard of at once. Milliseconds. */
const REFRESH_EVERY_MS = 60_000

const userOf = (ctx: Context) => ctx.state['session']?.user

/** A provider that is not configured any more can't be told. */
async function revokeAt(provider: Provider | null, tokens: ProviderTokens) {
  return provider === null ? 'unsupported' : revokeTokens(provider, tokens)
}

/** Who signs in again in the same browser leaves the old session behind. The new one need not wait for it. */
async function endReplaced(
  { sessions, signOffs }: { sessions: Sessions; signOffs: SignOffs },
  ref: string,
  caller: Caller,
): Promise<void> {
  const session = await sessions.find(ref)
  if (session !== null) await signOffs.endSession(session, 'replaced', authorOf(caller, session))
}
