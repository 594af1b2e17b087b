import { PROBLEM_CONTENT_TYPE, type Problem } from '@curfew/contract'
import { serve } from '@curfew/testing'
import Router from '@koa/router'
import { Redis } from 'ioredis'
import Koa, { type Context } from 'koa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { correlate } from './correlate.js'
import { ServiceError } from './errors.js'
import type { Log } from './log.js'
import { respondWithErrors } from './respond-with-errors.js'

const test = suite('service: respond with errors')

const BROWSER = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

test('a program gets a problem, with the sentence and never the facts', async () => {
  const answer = await ask(() => {
    throw new ServiceError('conflict', 'That name is taken.', { owner: 'internal fact' })
  })

  assert.is(answer.status, 409)
  assert.is(answer.type, PROBLEM_CONTENT_TYPE)
  assert.is(answer.headers.get('cache-control'), 'no-store')
  assert.match(answer.headers.get('vary') ?? '', 'Accept')
  assert.match(answer.headers.get('x-correlation-id') ?? '', /^[0-9a-f-]{36}$/)
  assert.equal(answer.problem, {
    type: 'urn:curfew:problem:conflict',
    title: 'That does not fit how things are',
    status: 409,
    detail: 'That name is taken.',
    code: 'conflict',
  })
})

test('a person gets a page, in our look where there are assets', async () => {
  const bare = await ask(() => {
    throw new ServiceError('forbidden', 'Only <admins> may.')
  }, BROWSER)
  assert.is(bare.status, 403)
  assert.match(bare.type, 'text/html')
  assert.match(bare.text, 'Only &lt;admins&gt; may.')
  assert.match(bare.text, bare.headers.get('x-correlation-id') ?? 'none')

  const publicUrl = new URL('https://curfew.example')
  const userOf = () => ({ name: 'Ada', roles: [] })
  const dressed = await ask(() => undefined, BROWSER, { pages: { assets: '/x/assets', publicUrl, userOf } })
  assert.is(dressed.status, 404)
  assert.match(dressed.text, '/x/assets/curfew.css')
  assert.match(dressed.text, 'Ada')
})

test('the page of a 401 leads back to where the person was, and never elsewhere', async () => {
  const refuse = () => {
    throw new ServiceError('session-required', 'Sign in.')
  }

  const answer = await ask(refuse, BROWSER, { path: '/projects?a=1&b=2' })
  assert.match(answer.text, 'href="/auth/login?return_to=%2Fprojects%3Fa%3D1%26b%3D2"')
  assert.is(answer.headers.get('www-authenticate'), 'Curfew')

  const elsewhere = await ask(refuse, BROWSER, { path: '//evil.example/x' })
  assert.match(elsewhere.text, 'return_to=%2Fevil.example%2Fx"')
})

test('an endpoint may challenge in its own way', async () => {
  const answer = await ask(() => {
    throw new ServiceError('session-required', 'No.', {}, { headers: { 'WWW-Authenticate': 'Bearer' } })
  })

  assert.is(answer.headers.get('www-authenticate'), 'Bearer')
})

test('who asks too often is told when to ask again, by us and by a library', async () => {
  const headers = { 'Retry-After': '42' }

  const ours = await ask(() => {
    throw new ServiceError('too-many-requests', 'Wait a moment.', {}, { headers })
  })
  const theirs = await ask((ctx) => ctx.throw(429, 'internal words', { headers }))

  for (const answer of [ours, theirs]) {
    assert.is(answer.status, 429)
    assert.is(answer.problem?.code, 'too-many-requests')
    assert.is(answer.headers.get('retry-after'), '42')
  }
  assert.is(ours.problem?.detail, 'Wait a moment.')
  const page = await ask((ctx) => ctx.throw(429), BROWSER, { path: '/auth/login' })
  assert.match(page.text, 'href="/auth/login">Try again</a>')
  assert.not.match(theirs.text, 'internal words')
})

test('an unknown error says nothing to the caller and everything to the log', async () => {
  const log = recordLog()

  const answer = await ask(
    () => {
      throw new TypeError('select * from secrets')
    },
    {},
    { log },
  )

  assert.is(answer.status, 500)
  assert.is(answer.problem?.code, 'internal')
  assert.not.match(answer.text, 'secrets')
  assert.equal(log.lines, ['error request.crashed'])
})

test('what is thrown and is no error is a bug like any other', async () => {
  const answer = await ask(() => Promise.reject('a string'))

  assert.is(answer.status, 500)
})

test('nobody answered: 404 and 405 are problems too, with Allow', async () => {
  assert.is((await ask(() => undefined)).problem?.code, 'not-found')

  const router = new Router().get('/things', (ctx) => {
    ctx.body = 'things'
  })
  const routed = (method: string) =>
    ask(
      () => undefined,
      {},
      { method, path: '/things', mount: (app) => app.use(router.routes()).use(router.allowedMethods()) },
    )
  const refused = await routed('POST')
  assert.is(refused.status, 405)
  assert.is(refused.problem?.code, 'method-not-allowed')
  assert.is(refused.headers.get('allow'), 'HEAD, GET')
  assert.is((await routed('PROPFIND')).status, 405)
  assert.is((await routed('OPTIONS')).status, 200)
})

// found 2026-11-26: work that was given up since its session had to be looked up anew was a bug of ours
test('an error that says it may be told that this can be tried again is answered so', async () => {
  const answer = await ask(() => {
    throw Object.assign(new Error('internal words'), { status: 503, expose: true })
  })

  assert.is(answer.status, 503)
  assert.is(answer.headers.get('retry-after'), '2')
  assert.is(answer.problem?.code, 'store-unavailable')
  assert.not.match(answer.text, 'internal words')
})

test('an error of a library keeps its status only where it is the caller’s fault', async () => {
  const thrown = (status: number) => ask((ctx) => ctx.throw(status, 'internal words'))

  for (const [status, code] of [
    [400, 'bad-request'],
    [413, 'too-large'],
    [415, 'unsupported-media-type'],
    [418, 'bad-request'],
    [429, 'too-many-requests'],
    [500, 'internal'],
    [503, 'internal'],
  ] as const) {
    const answer = await thrown(status)
    assert.is(answer.problem?.code, code)
    assert.not.match(answer.text, 'internal words')
  }
})

test('a Redis that is away is 503 with Retry-After, for whatever reason', async () => {
  const nowhere = new Redis({ port: 1, lazyConnect: true, enableOfflineQueue: false, retryStrategy: null })
  nowhere.on('error', () => undefined)
  const away = await ask(async () => void (await nowhere.get('x')))
  assert.is(away.status, 503)
  assert.is(away.problem?.code, 'store-unavailable')
  assert.is(away.headers.get('retry-after'), '2')
  nowhere.disconnect()

  for (const message of [
    'Connection is closed.',
    "Stream isn't writeable and enableOfflineQueue options is false",
    'Command timed out',
    'LOADING Redis is loading the dataset in memory',
    "READONLY You can't write against a read only replica.",
    'MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to no.',
  ]) {
    const fail = () => {
      throw new Error(message)
    }
    assert.is((await ask(fail)).problem?.code, 'store-unavailable', message)
  }
  const wrong = () => {
    throw new Error('WRONGTYPE Operation against a key holding the wrong kind of value')
  }
  assert.is((await ask(wrong)).problem?.code, 'internal')
})

test('an answer without a body that was meant so is left alone', async () => {
  const answer = await ask((ctx) => {
    ctx.body = null
    ctx.status = 401
  })

  assert.is(answer.status, 401)
  assert.is(answer.text, '')
})

test('what described the lost answer goes, what belongs to the caller stays', async () => {
  const answer = await ask((ctx) => {
    ctx.set({ ETag: '"1"', 'Content-Disposition': 'attachment', 'Set-Cookie': 'theme=dark' })
    ctx.status = 201
    ctx.body = 'half'
    throw new ServiceError('conflict', 'No.')
  })

  assert.is(answer.headers.get('etag'), null)
  assert.is(answer.headers.get('content-disposition'), null)
  assert.is(answer.headers.get('set-cookie'), 'theme=dark')
  assert.is(answer.problem?.status, 409)
})

test('an answer that breaks in the middle is cut off, not taken for whole', async () => {
  const broken = ask((ctx) => {
    ctx.res.writeHead(200, { 'Content-Length': '100' })
    ctx.res.write('half')
    throw new Error('broken')
  })

  const error = await broken.then(
    () => null,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof Error)
})

test('HEAD gets the headers of the problem alone', async () => {
  const answer = await ask(() => undefined, {}, { method: 'HEAD' })

  assert.is(answer.status, 404)
  assert.is(answer.type, PROBLEM_CONTENT_TYPE)
  assert.is(answer.text, '')
})

interface Circumstances {
  readonly method?: string
  readonly path?: string
  readonly pages?: Parameters<typeof respondWithErrors>[1]
  readonly log?: Log
  /** What stands above the handler. */
  readonly mount?: (app: Koa) => void
}

type Handler = (ctx: Context, next: Koa.Next) => unknown

async function ask(
  handler: Handler,
  headers: Record<string, string> = {},
  circumstances: Circumstances = {},
) {
  const { method = 'GET', path = '/', pages, log = recordLog(), mount } = circumstances
  const app = new Koa().use(correlate()).use(respondWithErrors(log, pages))
  app.silent = true
  mount?.(app)
  app.use(handler)
  await using server = await serve(app.callback())
  const answer = await fetch(server.url + path, { method, headers })
  const text = await answer.text()
  const type = answer.headers.get('content-type') ?? ''
  const problem: Problem | undefined =
    type === PROBLEM_CONTENT_TYPE && text !== '' ? JSON.parse(text) : undefined
  return { status: answer.status, headers: answer.headers, type, text, problem }
}

function recordLog() {
  const lines: string[] = []
  const record = (level: string) => (event: string) => void lines.push(`${level} ${event}`)
  return { lines, debug: record('debug'), info: record('info'), warn: record('warn'), error: record('error') }
}

test.run()
