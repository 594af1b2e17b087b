import { createBrowser, eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { startTestSystem } from '../system.js'
import { signInOverHttp } from './sign-in-over-http.js'

const test = suite('journeys: operators')

const Users = z.object({ users: z.array(z.object({ id: z.string(), sessions: z.number() })) })
const Sessions = z.object({ sessions: z.array(z.object({ ref: z.string() })) })
const Receipt = z.object({ confirmed: z.boolean() })
const Events = z.object({ events: z.array(z.object({ type: z.string() })) })

test('an admin finds a user, ends a session, signs them off, blocks and unblocks, and the log tells it all', async () => {
  await using system = await startTestSystem()
  await using admin = createBrowser(system.url)
  await using laptop = createBrowser(system.url)
  await using phone = createBrowser(system.url)
  await signInOverHttp(admin, 'admin')
  await signInOverHttp(laptop, 'editor')
  await signInOverHttp(phone, 'editor')
  await using log = await admin.stream('/events/stream')

  const { users } = Users.parse((await admin.fetchApi('/auth/admin/users?query=edda')).body)
  const [user] = users
  assert.is(user?.sessions, 2)
  const about = `/auth/admin/users/${user?.id}`

  const { sessions } = Sessions.parse((await admin.fetchApi(`${about}/sessions`)).body)
  const ended = await admin.fetchApi(`/auth/admin/sessions/${sessions[0]?.ref}`, { method: 'DELETE' })
  assert.is(ended.status, 200)
  assert.is(Receipt.parse(ended.body).confirmed, true)
  const statuses = [await laptop.fetchApi('/projects'), await phone.fetchApi('/projects')]
  assert.equal(statuses.map(({ status }) => status).sort(), [200, 401])

  assert.is((await admin.fetchApi(`${about}/logout`, { method: 'POST', json: {} })).status, 200)
  assert.is((await laptop.fetchApi('/projects')).status, 401)
  assert.is((await phone.fetchApi('/projects')).status, 401)

  await signInOverHttp(laptop, 'editor')
  // A login is under way while the block comes, and is lifted again before it finishes.
  const callback = await signInOverHttp(phone, 'editor', { stopBeforeCallback: true })
  assert.is(
    (await admin.fetchApi(`${about}/block`, { method: 'POST', json: { reason: 'lost' } })).status,
    200,
  )
  assert.is((await laptop.fetchApi('/projects')).status, 401)
  assert.is((await admin.fetchApi(`${about}/unblock`, { method: 'POST', json: {} })).status, 200)

  const refused = await phone.get(callback)
  assert.is(refused.status, 409)
  assert.is((await phone.fetchApi('/projects')).status, 401)
  assert.is((await laptop.fetchApi('/projects')).status, 401, 'unblocking revives nothing')
  await signInOverHttp(phone, 'editor')
  assert.is((await phone.fetchApi('/projects')).status, 200)

  const told = () =>
    log.events
      .filter(({ event }) => event === 'log')
      .map(({ data }) => Events.shape.events.element.parse(JSON.parse(data)).type)
      // What follows from it, and what Curfew notices by itself, comes when it comes.
      .filter((type) => !/^(token|sign-off|instance|history)\./.test(type))
  await eventually(() => told().length === 7)
  assert.equal(told(), [
    'session.revoked',
    'user.logged-out',
    'session.created',
    'user.blocked',
    'user.unblocked',
    'login.failed',
    'session.created',
  ])
})

test('services restart one by one, and everything is turned off and on: nobody is logged out, the log is there', async () => {
  await using system = await startTestSystem()
  await using admin = createBrowser(system.url)
  await signInOverHttp(admin, 'admin')

  for (const name of ['identity', 'projects-1', 'projects-2', 'events', 'gateway', 'redis', 'provider']) {
    await system.restart(name)
    await eventually(async () => (await admin.fetchApi('/projects')).status === 200)
    await eventually(async () => (await admin.fetchApi('/auth/session')).status === 200)
  }

  const { events } = Events.parse((await admin.fetchApi('/events')).body)
  assert.ok(events.some(({ type }) => type === 'session.created'))
})

test('what is cut off in the middle is 503 with the cookie kept, and goes on afterwards', async () => {
  await using system = await startTestSystem()
  await using editor = createBrowser(system.url)
  await signInOverHttp(editor, 'editor')
  const redis = system.processes.find(({ name }) => name === 'redis')
  assert.ok(redis?.pid)

  process.kill(redis.pid, 'SIGSTOP')
  try {
    const answer = await eventually(
      async () => {
        const asked = await editor.fetchApi('/auth/session')
        return asked.status === 503 ? asked : null
      },
      { within: 60_000 },
    )
    assert.ok(answer.headers.has('retry-after'))
    assert.not.ok(answer.headers.has('set-cookie'))
    // It answers from memory for as long as it has a lease.
    await eventually(async () => (await editor.fetchApi('/projects')).status === 503, { within: 60_000 })
  } finally {
    process.kill(redis.pid, 'SIGCONT')
  }

  await eventually(async () => (await editor.fetchApi('/projects')).status === 200, { within: 60_000 })
})

test.run()
