import { type Problem, randomSessionId } from '@curfew/contract'
import {
  deferred,
  eventually,
  type GivenSession,
  givenSession,
  redisUrl,
  type Served,
  signOff,
  startRedis,
} from '@curfew/testing'
import { Redis } from 'ioredis'
import type { Test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Guard } from '../guard.js'
import { SessionEnded } from '../session-ended.js'
import { type Answer, type AskOptions, ask, open, textOf } from './ask.js'
import { givenGuard } from './given-guard.js'

/**
 * What the app of an adapter serves, each with the adapter's own means.
 *
 * | route             | mounted below                                    | answers                                   |
 * | ----------------- | ------------------------------------------------ | ----------------------------------------- |
 * | `GET/POST /in/who` | a router at `/in` that requires a session       | whose session it is                       |
 * | `GET /in/admins`  | the same, and the role `admin` or `root`         | `welcome`                                 |
 * | `GET /in/work`    | the same                                         | what `work` of the request's signals does |
 * | `GET /in/stream`  | the same                                         | `data: hello`, then nothing until aborted |
 * | `GET /in/late`    | the same                                         | `soon`; `late` gets how to ask afterwards |
 * | `GET /own`        | a session required, with a refusal of its own    | its refusal: 418, the problem's code      |
 * | `GET /thrown`     | a session required, whose refusal throws         | 418                                       |
 * | `GET /open`       | nothing                                          | whose session it is, which is a mistake   |
 */
export type StartApp = (guard: Guard, handlers: Handlers) => Promise<Served>

export interface Handlers {
  /** Given the signal that was asked for, twice. */
  work(signal: AbortSignal, sameSignal: AbortSignal): Promise<string>
  late(askForSignal: () => AbortSignal): void
}

export interface AdapterTraits {
  /** Whether what a handler throws is answered by a body of the framework's, whatever it is. */
  readonly hasOwnErrorBody?: boolean
}

/** What every adapter does, over real HTTP with its real framework. */
export function adapterContract(test: Test, startApp: StartApp, { hasOwnErrorBody }: AdapterTraits = {}) {
  test('a session is read once, and then known from memory', async () => {
    await using world = await start(startApp)

    assert.equal(await world.get('/in/who'), { status: 200, text: 'ada' })
    assert.equal(await world.get('/in/who'), { status: 200, text: 'ada' })

    const { hits, misses } = world.guard.stats()
    assert.equal({ hits, misses }, { hits: 1, misses: 1 })
  })

  test('from memory the handler runs in the turn of the decision: there is no promise to wait for', async () => {
    let turnIsOver = true
    const noticing = (guard: Guard): Guard => ({
      ...guard,
      decide(cookieHeader) {
        turnIsOver = false
        queueMicrotask(() => {
          turnIsOver = true
        })
        return guard.decide(cookieHeader)
      },
    })
    await using world = await start(startApp, { wrap: noticing, work: async () => String(turnIsOver) })
    assert.equal(await world.get('/in/work'), { status: 200, text: 'true' }, 'from Redis')

    assert.equal(await world.get('/in/work'), { status: 200, text: 'false' }, 'from memory')
  })

  test('a program without a session is told to sign in', async () => {
    await using world = await start(startApp)

    for (const cookie of ['', 'curfew=garbage', `curfew=${randomSessionId(0)}`]) {
      for (const [method, accept] of [
        ['GET', '*/*'],
        ['POST', 'text/html'],
        ['GET', 'application/json'],
      ] as const) {
        const answer = await world.ask('/in/who', { method, headers: { accept, cookie } })

        assert.is(answer.status, 401)
        assert.is(answer.headers['www-authenticate'], 'Curfew')
        assertIsProblem(answer, {
          code: 'session-required',
          title: 'Please sign in',
          detail: 'Sign in, then send this request again.',
        })
      }
    }
  })

  test('a person who opens a page is sent to sign in, and comes back to it with its whole address', async () => {
    await using world = await start(startApp)

    for (const options of [
      { headers: BROWSER },
      { headers: { ...BROWSER, 'Sec-Fetch-Mode': 'navigate' } },
      { headers: BROWSER, method: 'HEAD' },
    ]) {
      const { status, headers, text } = await world.ask('/in/who?page=2&name=J%C3%B6rg%20%26', options)

      assert.is(status, 302)
      const location = new URL(headers.location ?? '')
      assert.is(location.origin + location.pathname, 'http://localhost/auth/login')
      assert.is(location.searchParams.get('return_to'), '/in/who?page=2&name=J%C3%B6rg%20%26')
      assert.is(headers['cache-control'], 'no-store')
      assert.is(headers['set-cookie'], undefined)
      assert.is(text === '', options.method === 'HEAD')
    }
  })

  test('a script and a form of a page are no navigation, and are told to sign in', async () => {
    await using world = await start(startApp)

    for (const options of [
      { headers: { ...BROWSER, 'Sec-Fetch-Mode': 'cors' } },
      { headers: BROWSER, method: 'POST' },
      { headers: { Accept: 'application/json, text/html' } },
    ]) {
      assert.is((await world.ask('/in/who', options)).status, 401)
    }
  })

  test('whoever has none of the roles is refused, whoever has one is not', async () => {
    await using world = await start(startApp)
    const root = await givenSession(world.redis, world.namespace, { user: 'root', roles: ['root'] })

    const answer = await world.ask('/in/admins', { headers: { ...BROWSER, cookie: world.session.cookie } })
    assert.is(answer.status, 403)
    assert.is(answer.headers['www-authenticate'], undefined)
    assertIsProblem(answer, {
      code: 'forbidden',
      title: 'That is not yours to do',
      detail: 'This needs the role admin or root. Ask an admin for it.',
    })

    assert.is((await world.ask('/in/admins', { headers: { cookie: root.cookie } })).text, 'welcome')
  })

  test('while Redis is away nothing is decided: try again, with the cookie that you have', async () => {
    await using server = await startRedis({ appendonly: true })
    await using world = await start(startApp, { redisUrl: server.url, leaseMs: 400 })
    assert.is((await world.get('/in/who')).status, 200)

    await server.kill()
    await eventually(async () => (await world.get('/in/who')).status === 503)
    for (const headers of [{}, BROWSER]) {
      const answer = await world.ask('/in/who', { headers: { ...headers, cookie: world.session.cookie } })
      assert.is(answer.headers['retry-after'], '2')
      assertIsProblem(answer, {
        code: 'store-unavailable',
        title: 'We can’t look that up right now',
        detail: 'Sessions can’t be looked up right now. You are still signed in; try again in a moment.',
      })
    }

    await server.restart()
    await eventually(async () => (await world.get('/in/who')).status === 200)
  })

  test('a service refuses in its own words where it likes', async () => {
    await using world = await start(startApp)

    // The one is known at once, the other only after Redis was asked.
    for (const cookie of ['', `curfew=${randomSessionId(0)}`]) {
      const own = await world.ask('/own', { headers: { cookie } })
      const thrown = await world.ask('/thrown', { headers: { cookie } })

      assert.equal([own.status, own.text], [418, 'session-required'])
      assert.is(thrown.status, 418)
    }
  })

  test('HEAD is answered like GET, without a body, and POST passes', async () => {
    await using world = await start(startApp)
    const headers = { cookie: world.session.cookie }

    const head = await world.ask('/in/who', { method: 'HEAD', headers })
    const post = await world.ask('/in/who', { method: 'POST', headers })

    assert.equal([head.status, head.text], [200, ''])
    assert.equal([post.status, post.text], [200, 'ada'])
  })

  test('who is calling can’t be asked where nobody required a session', async () => {
    await using world = await start(startApp)

    assert.is((await world.get('/open')).status, 500)
  })

  test('a sign-off while a handler works aborts its signal, before it is acknowledged', async () => {
    const begun = deferred<AbortSignal>()
    await using world = await start(startApp, {
      async work(signal, sameSignal) {
        assert.is(signal, sameSignal)
        begun.resolve(signal)
        await new Promise((aborted) => signal.addEventListener('abort', aborted))
        return signal.reason instanceof SessionEnded ? signal.reason.reason : 'for no reason'
      },
    })
    const answer = world.get('/in/work')
    const signal = await begun.promise
    const abortedByThen: boolean[] = []
    // Hooks run before the acknowledgement is sent.
    world.guard.onSignOff(() => void abortedByThen.push(signal.aborted))

    await signOff(world.redis, world.namespace, { session: world.session.record }, 'everywhere')

    assert.equal(await answer, { status: 200, text: 'everywhere' })
    assert.equal(abortedByThen, [true])
  })

  test('a handler that gives up with why it was aborted answers what a refused caller gets', async () => {
    const begun = deferred<void>()
    await using world = await start(startApp, { work: giveUpWhenAborted(begun.resolve) })
    const headers = { cookie: world.session.cookie }
    const answering = world.ask('/in/work', { headers })
    await begun.promise

    await signOff(world.redis, world.namespace, { session: world.session.record })

    const answer = await answering
    const refused = await world.ask('/in/work', { headers })
    assert.is(answer.status, 401)
    assert.is(answer.headers['www-authenticate'], 'Curfew')
    assert.is(answer.headers['cache-control'], 'no-store')
    if (!hasOwnErrorBody) {
      assert.is(answer.headers['content-type'], refused.headers['content-type'])
      assert.is(answer.text, refused.text)
    }
    await eventually(() => world.guard.stats().held === 0)
  })

  // found 2026-11-26: it was 503 without Retry-After, and 500 from Hono and plain fetch
  test('a handler that gives up since its session can’t be looked up answers when to try again', async () => {
    const begun = deferred<void>()
    await using world = await start(startApp, { work: giveUpWhenAborted(begun.resolve) })
    const answering = world.ask('/in/work', { headers: { cookie: world.session.cookie } })
    await begun.promise

    await world.guard.close()

    const answer = await answering
    assert.is(answer.status, 503)
    assert.is(answer.headers['retry-after'], '2')
    assert.is(answer.headers['cache-control'], 'no-store')
    if (!hasOwnErrorBody) {
      assertIsProblem(answer, {
        code: 'store-unavailable',
        title: 'We can’t look that up right now',
        detail: 'Your session has to be looked up anew. Try again in a moment.',
      })
    }
  })

  test('requests that are answered leave no signal behind', async () => {
    await using world = await start(startApp, { work: async () => 'done' })
    const headers = { cookie: world.session.cookie }
    for (let requests = 0; requests < 50; requests++) {
      for (const method of ['GET', 'HEAD']) await world.ask('/in/work', { method, headers })
    }

    await eventually(() => world.guard.stats().held === 0)
  })

  test('a signal that is asked for after the answer leaves nothing behind either', async () => {
    const asking = deferred<() => AbortSignal>()
    await using world = await start(startApp, { late: asking.resolve })
    assert.is((await world.get('/in/late')).text, 'soon')
    const askForSignal = await asking.promise
    await eventually(() => {
      const signal = askForSignal()
      return world.guard.stats().held === 0 && !signal.aborted
    })
  })

  test('a client that goes leaves no signal behind', async () => {
    await using world = await start(startApp)
    const stream = await open(`${world.url}/in/stream`, { headers: { cookie: world.session.cookie } })
    await eventually(() => world.guard.stats().held === 1)

    stream.destroy()

    await eventually(() => world.guard.stats().held === 0)
  })

  test('a stream ends with its session', async () => {
    await using world = await start(startApp)
    const stream = await open(`${world.url}/in/stream`, { headers: { cookie: world.session.cookie } })
    const text = textOf(stream)
    await eventually(() => world.guard.stats().held === 1)

    await signOff(world.redis, world.namespace, { session: world.session.record })

    assert.is(await text, 'data: hello\n\n')
    assert.is(world.guard.stats().held, 0)
  })
}

/** Work that rejects with why it was aborted. */
function giveUpWhenAborted(begun: () => void): Handlers['work'] {
  return (signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
      begun()
    })
}

/** What a browser says when a person opens a page. */
const BROWSER = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

function assertIsProblem(
  { status, headers, text }: Answer,
  expected: Pick<Problem, 'code' | 'title' | 'detail'>,
) {
  assert.match(headers['content-type'] ?? '', /^application\/problem\+json(; charset=utf-8)?$/)
  assert.is(headers['cache-control'], 'no-store')
  assert.is(headers['set-cookie'], undefined)
  assert.is(headers.location, undefined)
  assert.equal(JSON.parse(text), { type: `urn:curfew:problem:${expected.code}`, status, ...expected })
}

interface World extends AsyncDisposable {
  readonly url: string
  readonly guard: Guard
  readonly namespace: string
  readonly redis: Redis
  readonly session: GivenSession
  ask(path: string, options?: AskOptions): Promise<Answer>
  /** Asks with Ada's cookie. */
  get(path: string): Promise<{ status: number; text: string }>
}

interface WorldOptions {
  readonly redisUrl?: string
  readonly leaseMs?: number
  readonly work?: Handlers['work']
  readonly late?: Handlers['late']
  readonly wrap?: (guard: Guard) => Guard
}

async function start(
  startApp: StartApp,
  {
    work = async () => 'nothing',
    late = () => undefined,
    wrap = (guard) => guard,
    ...options
  }: WorldOptions = {},
): Promise<World> {
  const { guard, namespace, [Symbol.asyncDispose]: closeGuard } = await givenGuard(options)
  const redis = new Redis(options.redisUrl ?? (await redisUrl()), { maxRetriesPerRequest: 0 })
  redis.on('error', () => 'some tests stop it')
  const session = await givenSession(redis, namespace)
  const app = await startApp(wrap(guard), { work, late })

  return {
    url: app.url,
    guard,
    namespace,
    redis,
    session,
    ask: (path, options) => ask(app.url + path, options),
    async get(path) {
      const { status, text } = await ask(app.url + path, { headers: { cookie: session.cookie } })
      return { status, text }
    },
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]()
      await closeGuard()
      redis.disconnect()
    },
  }
}
