import { createBrowser, eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startTestSystem } from '../system.js'
import { signInOverHttp } from './sign-in-over-http.js'

const test = suite('journeys: operators')

interface Listed {
  readonly users: ReadonlyArray<{ readonly id: string; readonly name: string; readonly sessions: number }>
}

test('an admin finds a user, ends a session, signs them off, blocks and unblocks, and the log tells it all', async () => {
  await using system = await startTestSystem({ LEASE_MS: '1500' })
  await using admin = createBrowser(system.url)
  await using laptop = createBrowser(system.url)
  await using phone = createBrowser(system.url)
  await signInOverHttp(admin, 'admin')
  await signInOverHttp(laptop, 'editor')
  await signInOverHttp(phone, 'editor')
  await using log = await admin.stream('/events/stream')

  const found = await admin.fetchApi('/auth/admin/users?query=edda')
  const { users } = found.body as Listed
  const [user] = users
  assert.is(user?.sessions, 2)
  const about = `/auth/admin/users/${user?.id}`

  const { sessions } = (await admin.fetchApi(`${about}/sessions`)).body as {
    sessions: Array<{ ref: string }>
  }
  const ended = await admin.fetchApi(`/auth/admin/sessions/${sessions[0]?.ref}`, { method: 'DELETE' })
  assert.is(ended.status, 200)
  assert.equal((ended.body as { confirmed: boolean }).confirmed, true)
  assert.equal(
    [(await laptop.fetchApi('/projects')).status, (await phone.fetchApi('/projects')).status].sort(),
    [200, 401],
  )

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

  const types = () =>
    log.events.flatMap(({ event, data }) => (event === 'log' ? [JSON.parse(data).type] : []))
  await eventually(() => types().filter((type) => type === 'session.created').length === 2)
  const told = types().filter((type) => /^(user|login)\./.test(type) || type === 'session.revoked')
  assert.equal(told, ['session.revoked', 'user.logged-out', 'user.blocked', 'user.unblocked', 'login.failed'])
})

test('services restart one by one, and everything is turned off and on: nobody is logged out, the log is there', async () => {
  await using system = await startTestSystem({ LEASE_MS: '1500' })
  await using admin = createBrowser(system.url)
  await signInOverHttp(admin, 'admin')

  for (const name of ['identity', 'projects-1', 'projects-2', 'events', 'gateway', 'redis']) {
    await system.restart(name)
    await eventually(async () => (await admin.fetchApi('/projects')).status === 200)
    assert.is((await admin.fetchApi('/auth/session')).status, 200, `after ${name}`)
  }

  const { events } = (await admin.fetchApi('/events')).body as { events: Array<{ type: string }> }
  assert.ok(events.some(({ type }) => type === 'session.created'))
})

test('what is cut off in the middle is 503 with the cookie kept, and goes on afterwards', async () => {
  await using system = await startTestSystem({ LEASE_MS: '800' })
  await using editor = createBrowser(system.url)
  await signInOverHttp(editor, 'editor')
  const redis = system.processes.find(({ name }) => name === 'redis')
  assert.ok(redis?.pid)

  process.kill(redis.pid, 'SIGSTOP')
  try {
    await eventually(async () => (await editor.fetchApi('/projects')).status === 503, { within: 15_000 })
    const answer = await eventually(async () => {
      const asked = await editor.fetchApi('/auth/session')
      return asked.status === 503 ? asked : null
    })
    assert.ok(answer.headers.has('retry-after'))
    assert.not.ok(answer.headers.has('set-cookie'))
  } finally {
    process.kill(redis.pid, 'SIGCONT')
  }

  await eventually(async () => (await editor.fetchApi('/projects')).status === 200, { within: 15_000 })
})

test.run()
