import type { SessionRecord } from '@curfew/contract'
import { createGuard } from '@curfew/guard'
import { type EventStream, eventually, serve } from '@curfew/testing'
import Koa from 'koa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isProblem } from '../testing/answers.js'
import { type GivenApp, givenApp, type SignedIn } from '../testing/given-app.js'
import { streamSession } from './show-session.js'

const test = suite('identity: the stream that tells a page that its session ended')

const json = (body: unknown, method = 'POST') => ({ method, json: body })

async function follow({ browser }: SignedIn): Promise<EventStream> {
  const stream = await browser.stream('/auth/session/stream')
  await stream.find(({ event }) => event === 'session')
  return stream
}

test('it begins with who is signed in', async () => {
  await using app = await givenApp()
  const ada = await app.login()

  await using stream = await follow(ada)

  assert.is(stream.status, 200)
  assert.match(stream.headers.get('content-type') ?? '', /^text\/event-stream/)
  assert.is(stream.headers.get('cache-control'), 'no-store, no-transform')
  assert.equal(stream.events, [
    {
      id: '',
      event: 'session',
      data: JSON.stringify({
        user: { id: ada.record.user.id, name: 'Ada Lovelace' },
        ref: ada.record.ref,
      }),
    },
  ])
})

type End = (app: GivenApp, ada: SignedIn, phone: SignedIn) => Promise<unknown>

const ends: ReadonlyArray<{ who: string; reason: string; signOff: End }> = [
  {
    who: 'the browser itself',
    reason: 'logged-out',
    signOff: (_app, ada) => ada.browser.fetchApi('/auth/logout', json({})),
  },
  {
    who: 'another device, this session',
    reason: 'revoked',
    signOff: (_app, ada, phone) =>
      phone.browser.fetchApi(`/auth/sessions/${ada.record.ref}`, { method: 'DELETE' }),
  },
  {
    who: 'another device, everywhere',
    reason: 'everywhere',
    signOff: (_app, _ada, phone) => phone.browser.fetchApi('/auth/logout', json({ scope: 'user' })),
  },
  {
    who: 'another device, the others',
    reason: 'everywhere',
    signOff: (_app, _ada, phone) => phone.browser.fetchApi('/auth/logout', json({ scope: 'others' })),
  },
  {
    who: 'an admin, this session',
    reason: 'admin',
    signOff: byAdmin('DELETE', ({ ref }) => `sessions/${ref}`),
  },
  {
    who: 'an admin, everywhere',
    reason: 'admin',
    signOff: byAdmin('POST', ({ user }) => `users/${user.id}/logout`),
  },
  {
    who: 'an admin, for good',
    reason: 'blocked',
    signOff: byAdmin('POST', ({ user }) => `users/${user.id}/block`),
  },
]

for (const { who, reason, signOff } of ends) {
  test(`it says “${reason}”, by ${who}`, async () => {
    await using app = await givenApp()
    const [ada, phone, grace] = [await app.login(), await app.login(), await app.login({ subject: 'grace' })]
    await using stream = await follow(ada)
    await using graces = await follow(grace)

    await signOff(app, ada, phone)
    await eventually(() => stream.ended)

    assert.equal(stream.events.map(({ event, data }) => [event, data]).slice(1), [
      ['ended', JSON.stringify({ reason })],
    ])
    assert.is(graces.ended, false)
  })
}

test('it ends by itself when the session does', async () => {
  await using app = await givenApp()

  for (const times of [{ idleTtlMs: 1_000 }, { absoluteTtlMs: 1_000 }]) {
    const { browser } = await app.login({}, times)
    await using stream = await browser.stream('/auth/session/stream')
    await eventually(() => stream.ended)
    assert.equal(stream.events.map(({ data }) => data).slice(1), ['{"reason":"expired"}'])
  }
})

test('without a session there is none, and EventSource does not try again', async () => {
  await using app = await givenApp()
  const browser = await app.openBrowser()

  isProblem(await browser.fetchApi('/auth/session/stream'), 401, 'session-required')
  isProblem(
    await browser.fetchApi('/auth/session/stream', { headers: { Accept: 'text/event-stream' } }),
    401,
    'session-required',
  )
})

test('a heartbeat keeps it open, and is no event', async () => {
  await using app = await givenApp()
  const ada = await app.login()
  const guard = createGuard({
    redisUrl: app.config.REDIS_URL.href,
    service: 'identity',
    publicUrl: app.config.PUBLIC_URL,
    namespace: app.config.NAMESPACE,
    leaseMs: app.config.LEASE_MS,
  })
  const koa = new Koa().use((ctx) => {
    ctx.state['session'] = ada.record
    streamSession(guard, { heartbeatMs: 5 })(ctx)
  })
  await using served = await serve(koa.callback())
  await guard.ready()
  const answer = await fetch(served.url)
  let text = ''
  const reading = (async () => {
    for await (const chunk of answer.body ?? []) text += Buffer.from(chunk).toString()
  })()

  await eventually(() => text.split('\n:\n').length > 3)
  await ada.browser.fetchApi('/auth/logout', json({}))
  await reading
  await guard.close()

  assert.is(text.match(/^event:/gm)?.length, 2)
  assert.match(text, /event: ended\ndata: \{"reason":"logged-out"\}\n\n$/)
})

test('a page that was closed is held no longer', async () => {
  await using app = await givenApp()
  const stream = await follow(await app.login())
  assert.is(app.guard.stats().held, 1)

  stream.close()

  await eventually(() => app.guard.stats().held === 0)
})

test.run()

function byAdmin(method: string, pathOf: (record: SessionRecord) => string): End {
  return async (app, { record }) => {
    const { browser } = await app.loginAdmin()
    const answer = await browser.fetchApi(`/auth/admin/${pathOf(record)}`, { method })
    assert.is(answer.status, 200)
  }
}
