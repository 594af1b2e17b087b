import { randomSessionId, refOf } from '@curfew/contract'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isProblem } from '../testing/answers.js'
import { told } from '../testing/from-outside.js'
import { givenAdmin } from '../testing/given-admin.js'

const test = suite('identity: what an admin does, and nobody else')

const POST = { method: 'POST' }
const DELETE = { method: 'DELETE' }

/** Every route, and its method. */
const routes = (id: string, ref: string) => [
  ['GET', '/auth/admin/users'],
  ['GET', `/auth/admin/users/${id}`],
  ['GET', `/auth/admin/users/${id}/sessions`],
  ['POST', `/auth/admin/users/${id}/block`],
  ['POST', `/auth/admin/users/${id}/unblock`],
  ['POST', `/auth/admin/users/${id}/logout`],
  ['DELETE', `/auth/admin/sessions/${ref}`],
  ['GET', '/auth/admin/instances'],
]

test('nobody but an admin gets past the door, and nothing happens', async () => {
  await using world = await givenAdmin()
  const { app, ada } = world
  const editor = await app.login({ subject: 'mallory', roles: ['editor', 'Admin', 'administrator', ''] })
  const nobody = await app.openBrowser()
  const before = await told(app)

  for (const [method = '', path = ''] of routes(ada.record.user.id, ada.record.ref)) {
    for (const written of [path, `${path}/`, path.replace('/auth/admin', '/AUTH/Admin')]) {
      isProblem(await nobody.fetchApi(written, { method }), 401, 'session-required')
      isProblem(await editor.browser.fetchApi(written, { method }), 403, 'forbidden')
    }
  }

  assert.equal(await told(app), before)
  assert.is((await ada.browser.fetchApi('/auth/session')).status, 200)
})

test('an admin’s page of another origin does nothing in the admin’s name', async () => {
  await using world = await givenAdmin()
  const { app, admin, ada } = world

  for (const [method = '', path = ''] of routes(ada.record.user.id, ada.record.ref)) {
    if (method === 'GET') continue
    const headers = { Cookie: admin.cookie, Origin: 'https://mallory.test', 'X-Curfew': '1' }
    isProblem(await app.ask(path, { method, headers }), 403, 'origin-not-proven')
  }

  assert.is((await ada.browser.fetchApi('/auth/session')).status, 200)
})

test('an admin who was signed off acts no more', async () => {
  await using world = await givenAdmin()
  const { app, admin, path } = world
  const other = await app.login({ subject: 'other', name: 'Other Admin', roles: ['admin'] })
  await admin.browser.fetchApi(path)

  await other.browser.fetchApi(`/auth/admin/users/${admin.record.user.id}/block`, POST)

  isProblem(await admin.browser.fetchApi(`${path}/logout`, POST), 401, 'session-required')
})

test('what is not there is not found, however it is spelled', async () => {
  await using world = await givenAdmin()
  const { app, admin, ada } = world
  const { id } = ada.record.user
  // Keys of Redis that stand beside the user's own.
  const beside = [`${id}:sessions`, `${id}:ended:1`]
  await app.redis.zadd(`${app.keys.user(id)}:ended:1`, 1, 'ref')

  for (const nobody of ['nobody', 'A'.repeat(22), '%00', '..%2F..', 'x'.repeat(2_000), '*', ...beside]) {
    for (const [method = '', path = ''] of routes(nobody, refOf(randomSessionId(0)))) {
      if (path.endsWith('/users') || path.endsWith('/instances')) continue
      isProblem(await admin.browser.fetchApi(path, { method }), 404, 'not-found')
    }
  }
  for (const ref of ['x', '%00', `${ada.record.ref}A`]) {
    isProblem(await admin.browser.fetchApi(`/auth/admin/sessions/${ref}`, DELETE), 404, 'not-found')
  }
  isProblem(await admin.browser.fetchApi('/auth/admin'), 404, 'not-found')
  isProblem(await admin.browser.fetchApi('/auth/admin/nothing'), 404, 'not-found')
})

test('a method that a route does not take is refused with those that it takes', async () => {
  await using world = await givenAdmin()
  const { admin, path } = world

  const answers = await Promise.all([
    admin.browser.fetchApi('/auth/admin/users', POST),
    admin.browser.fetchApi(`${path}/block`),
    admin.browser.fetchApi(path, { method: 'PATCH', json: { roles: ['admin'] } }),
  ])

  for (const answer of answers) isProblem(answer, 405, 'method-not-allowed')
  assert.equal(
    answers.map(({ headers }) => headers.get('allow')),
    ['HEAD, GET', 'POST', 'HEAD, GET'],
  )
})

test.run()
