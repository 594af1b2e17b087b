import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { boundMs, type CurfewEvent, type Keys, type SessionRecord } from '@curfew/contract'
import type { Guard } from '@curfew/guard'
import { requireRole, requireSession } from '@curfew/guard/koa'
import { createServiceApp, type Log, readBody, refuse } from '@curfew/service'
import Router from '@koa/router'
import type { Redis } from 'ioredis'
import { showAccount } from './account/account-page.js'
import { ASSETS } from './account/assets.js'
import { authorOf, type Caller } from './account/author.js'
import { createFarewells } from './account/farewells.js'
import { showLanding } from './account/landing-page.js'
import { endOwnSession, endOwnSessionByForm, listOwnSessions } from './account/own-sessions.js'
import { showSession, streamSession } from './account/show-session.js'
import { signOut } from './account/sign-out.js'
import { createSignedOffCookie } from './account/signed-off-cookie.js'
import { showSignedOff } from './account/signed-off-page.js'
import { listInstances } from './admin/instances.js'
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
import { showReceipt } from './receipts/answer-receipt.js'
import { createReceipts } from './receipts/receipts.js'
import { createKoaSession } from './seams/koa-session.js'
import { createPassport } from './seams/passport.js'
import { createKoaSessionStore } from './sessions/koa-session-store.js'
import { createSessions, type Sessions } from './sessions/sessions.js'
import { createUsers } from './sessions/users.js'
import { createBell } from './sign-off/bell.js'
import { createConfirmedFacts } from './sign-off/confirmed-facts.js'
import { createRecorder } from './sign-off/recorder.js'
import { createRecovery } from './sign-off/recovery.js'
import { rememberSignOffs } from './sign-off/remembered.js'
import { createSignOffs, type SignOffs } from './sign-off/sign-offs.js'
import { takeOver } from './sign-off/take-over.js'
import { createSeal, SealBroken } from './tokens/seal.js'
import { watchInstances } from './work/instance-facts.js'
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
  const bound = boundMs(config.LEASE_MS + config.SERVE_SIGNED_OFF_USERS_FOR_MS)
  const recorder = createRecorder({ redis, keys, replicas: config.REDIS_REPLICAS, onError })
  const { recordDurably } = recorder
  const { app, metrics, ready } = createServiceApp({
    name: 'identity',
    guard,
    redis,
    log,
    assets: { path: ASSETS, folders: ASSET_FOLDERS },
    alsoReady: () =>
      !recorder.isReady
        ? 'Sign-offs can’t be recorded: their connection to Redis is gone.'
        : remembered.upTo !== null || 'No sign-off can be confirmed: who is blocked is still being read.',
  })

  const seal = createSeal(config.TOKEN_KEYS)
  const sessions = createSessions(redis, keys, seal, times, guard)
  const users = createUsers(redis, keys)
  const signedOffCookie = createSignedOffCookie(publicUrl)
  const ears = redis.duplicate({ lazyConnect: true, autoResubscribe: false, disconnectTimeout: 200 })
  const remembered = rememberSignOffs({ redis, keys, guard, onError })
  const bell = createBell({
    redis,
    ears,
    recordDurably,
    keys,
    remembered,
    boundMs: bound,
    self: guard.instance,
    onError,
  })
  const count = createIdentityMetrics(metrics)
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
  const [leaving, stopping] = [new AbortController(), new AbortController()]
  // Everybody who waits for a receipt listens.
  setMaxListeners(0, leaving.signal)
  const writeToLog = createLogWriter(redis, keys)
  const writeAll = (events: readonly CurfewEvent[]) => writeToLog(...events)
  const facts = createConfirmedFacts({ write: writeAll, onError })
  const signOffs = createSignOffs({
    redis,
    recordDurably,
    keys,
    bell,
    guard,
    times,
    observer: count.signOffs,
    remembered,
    stopping: stopping.signal,
    leaving: leaving.signal,
    facts,
    onError,
  })
  const receipts = createReceipts({
    redis,
    keys,
    takeOver: (signOff, stopping) =>
      takeOver({ recordDurably, keys, bell, stopping, leaving: leaving.signal, facts, onError }, signOff),
    stopping: stopping.signal,
    onError,
  })
  const farewells = createFarewells({ redis, keys, seal, receipts })
  const providers = createProviders(config.providers)
  const work = startWork({
    redisUrl: config.REDIS_URL.href,
    redis,
    keys,
    sessions,
    revokeTokens: (id, tokens) => revokeAt(providers.find(id), tokens),
    onError,
  })
  const stopWatchingInstances = watchInstances({
    redis,
    keys,
    history: () => guard.stats().history,
    leaseMs: config.LEASE_MS,
    write: writeAll,
    onError,
  })
  const housekeeping = [
    setInterval(() => void bell.lookAround().catch(onError), bound).unref(),
    setInterval(() => void remembered.refresh().catch(onError), REFRESH_EVERY_MS).unref(),
  ]

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
    recordFailure: boundFailures({ writeToLog, onDropped: count.droppedFailure, log }),
    log,
  }
  const endSessionUrl = (session: SessionRecord) => endSessionAt(providers.find(session.provider), session)
  const signedIn = requireSession(guard, { refuse })

  const providerLabels = Object.fromEntries(providers.all.map(({ config: { id, label } }) => [id, label]))

  const limitBegun = limitLogins(config.LOGINS_PER_MINUTE)
  const limitFinished = limitLogins(config.LOGINS_PER_MINUTE)

  const router = new Router()
    .get('/', showLanding({ guard, sessions, farewells, signedOffCookie }))
    .get('/account', signedIn, showAccount({ sessions, providerLabels, publicUrl }))
    .get('/auth/login', limitBegun, chooseProvider(login))
    .get('/auth/login/:provider', limitBegun, (ctx) => beginLogin(login)(ctx))
    .get(
      '/auth/callback/:provider',
      offerToSignInAgain(providers),
      limitFinished,
      count.logins,
      carrySession,
      passport.initialize,
      finishLogin(login),
    )
    .get('/auth/session', signedIn, showSession)
    .get('/auth/session/stream', signedIn, streamSession(guard))
    .get('/auth/sessions', signedIn, listOwnSessions(sessions))
    .delete('/auth/sessions/:ref', signedIn, endOwnSession({ sessions, signOffs, receipts }))
    .post('/auth/sessions/:ref/end', signedIn, endOwnSessionByForm(sessions, signOffs))
    .post(
      '/auth/logout',
      signOut({ guard, signOffs, receipts, farewells, signedOffCookie, endSessionUrl, onError }),
    )
    .get('/auth/signed-off/:capability', showSignedOff(guard, farewells))
    .get('/auth/receipts/:capability', showReceipt(receipts))
  const admin = adminRoutes({
    users,
    sessions,
    signOffs,
    receipts,
    instances: () => listInstances({ redis, keys, bell, boundMs: bound }),
  })
  router.use(
    '/auth/admin',
    signedIn,
    requireRole('admin', { refuse }),
    admin.routes(),
    admin.allowedMethods(),
  )

  app.use(readBody())
  app.use(router.routes())
  app.use(router.allowedMethods())

  return {
    app,
    ready,
    /** Whoever waits for a receipt hears how it stands before they are cut off; another identity goes on. */
    drain: () => void setTimeout(() => leaving.abort(), LONGEST_LEAVING_MS).unref(),
    async stop() {
      for (const timer of housekeeping) clearInterval(timer)
      stopWatching()
      stopWatchingInstances()
      remembered.close()
      stopping.abort()
      await work.stop()
      bell.close()
      await facts.stop()
      recorder.close()
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
      // Sealed by a key that was taken out of the ring, for instance: that must keep nobody signed in.
      if (!(error instanceof SealBroken)) throw error
      onError(error)
      return null
    }
  }
}

const ASSET_FOLDERS = [new URL('./browser/', import.meta.url), new URL('../assets/', import.meta.url)]

/** Only a block that another identity lifted is not heard of at once. Milliseconds. */
const REFRESH_EVERY_MS = 60_000

/** Requests under way have 10 s, see `drain` of @curfew/service. Milliseconds. */
const LONGEST_LEAVING_MS = 8_000

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
