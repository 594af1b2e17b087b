import { randomSessionId, refOf } from '@curfew/contract'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isProblem, readReceipt, readSessions } from '../testing/answers.js'
import { givenApp } from '../testing/given-app.js'

const test = suite('identity: my devices')

const DELETE = { method: 'DELETE' }

test('I see my sessions, newest first, and which of them this is; nobody else’s', async () => {
  await using app = await givenApp()
  const phone = await app.login({ device: { userAgent: 'Phone/1.0', ip: '10.0.0.7' } })
  const ada = await app.login()
  await app.login({ subject: 'grace' })

  const answer = await ada.browser.fetchApi('/auth/sessions')

  const [first, second, ...others] = readSessions(answer)
  assert.equal(others, [])
  assert.is(first?.ref, ada.record.ref)
  assert.is(first?.current, true)
  assert.is(second?.ref, phone.record.ref)
  assert.is(second?.current, false)
  assert.equal(second?.device, { userAgent: 'Phone/1.0', ip: '10.0.0.7' })
  assert.not.match(answer.text, ada.sessionId)
  assert.not.match(answer.text, phone.sessionId)
})

test('without a session there is no list', async () => {
  await using app = await givenApp()

  isProblem(await (await app.openBrowser()).fetchApi('/auth/sessions'), 401, 'session-required')
})

test('I end one of mine: it is refused at once, and gone from the list', async () => {
  await using app = await givenApp()
  const [ada, phone] = [await app.login(), await app.login()]
  await phone.browser.fetchApi('/auth/session')

  const answer = await ada.browser.fetchApi(`/auth/sessions/${phone.record.ref}`, DELETE)

  assert.is(answer.status, 200)
  const receipt = readReceipt(answer)
  assert.is(receipt.event.type, 'session.revoked')
  assert.is(receipt.sessions, 1)
  assert.is(receipt.confirmed, true)
  assert.equal(
    receipt.instances.map(({ id, service, state }) => [id, service, state]),
    [[app.guard.instance, 'identity', 'applied']],
  )
  isProblem(await phone.browser.fetchApi('/auth/session'), 401, 'session-required')
  assert.equal(
    readSessions(await ada.browser.fetchApi('/auth/sessions')).map(({ ref }) => ref),
    [ada.record.ref],
  )
  const event = (await app.events()).find(({ id }) => id === receipt.event.id)
  assert.is(event?.data.reason, 'revoked')
  assert.is(event?.data.ref, phone.record.ref)
  assert.is(event?.data.actor, ada.record.user.id)
})

test('the one that I am in counts as signing out', async () => {
  await using app = await givenApp()
  const ada = await app.login()

  const receipt = readReceipt(await ada.browser.fetchApi(`/auth/sessions/${ada.record.ref}`, DELETE))

  const event = (await app.events()).find(({ id }) => id === receipt.event.id)
  assert.is(event?.data.reason, 'logged-out')
})

test('somebody else’s, an unknown and a malformed ref all look like none, and end nothing', async () => {
  await using app = await givenApp()
  const [ada, grace] = [await app.login(), await app.login({ subject: 'grace' })]
  const refs = [
    grace.record.ref,
    refOf(randomSessionId(0)),
    'x',
    'A'.repeat(43),
    `${ada.record.ref}A`,
    '..%2F..',
    '%00',
    '%',
    '*',
  ]

  for (const ref of refs)
    isProblem(await ada.browser.fetchApi(`/auth/sessions/${ref}`, DELETE), 404, 'not-found')
  for (const ref of refs.slice(0, 4)) {
    const sent = await ada.browser.post(
      `/auth/sessions/${ref}/end`,
      {},
      { from: app.url, follow: () => false },
    )
    assert.equal([sent.status, sent.location?.pathname], [303, '/account'], ref)
  }

  assert.is((await grace.browser.fetchApi('/auth/session')).status, 200)
  assert.equal(
    (await app.events()).map(({ type }) => type),
    ['session.created', 'session.created'],
  )
})

test('the second time there is none', async () => {
  await using app = await givenApp()
  const [ada, phone] = [await app.login(), await app.login()]
  const path = `/auth/sessions/${phone.record.ref}`

  assert.is((await ada.browser.fetchApi(path, DELETE)).status, 200)
  isProblem(await ada.browser.fetchApi(path, DELETE), 404, 'not-found')

  assert.is((await app.events()).filter(({ type }) => type === 'session.revoked').length, 1)
})

test('of two that end the same at the same moment, each names an event that is in the log', async () => {
  await using app = await givenApp()
  const [ada, phone] = [await app.login(), await app.login()]
  const path = `/auth/sessions/${phone.record.ref}`

  const answers = await Promise.all(Array.from({ length: 5 }, () => ada.browser.fetchApi(path, DELETE)))

  const told = (await app.events()).filter(({ type }) => type === 'session.revoked').map(({ id }) => id)
  assert.is(told.length, 1)
  for (const answer of answers.filter(({ status }) => status === 200)) {
    assert.is(readReceipt(answer).event.id, told[0])
  }
  for (const answer of answers.filter(({ status }) => status !== 200)) isProblem(answer, 404, 'not-found')
})

test('a form ends one of mine and leads back', async () => {
  await using app = await givenApp()
  const [ada, phone] = [await app.login(), await app.login()]
  await ada.browser.get('/account')

  const sent = await ada.browser.post(`/auth/sessions/${phone.record.ref}/end`, {}, { follow: () => false })

  assert.is(sent.status, 303)
  assert.is(sent.location?.href, `${app.url}/account`)
  assert.is((await phone.browser.fetchApi('/auth/session')).status, 401)
  assert.is((await ada.browser.fetchApi('/auth/session')).status, 200)
})

// found 2026-11-27: the second click of a double one showed a page that said that there is no such session (404)
test('who clicks twice, or late, is led back to the list, where it is gone', async () => {
  await using app = await givenApp()
  const [ada, phone] = [await app.login(), await app.login()]
  const path = `/auth/sessions/${phone.record.ref}/end`
  const click = () => ada.browser.post(path, {}, { from: app.url, follow: () => false })

  const answers = [...(await Promise.all([click(), click()])), await click()]

  for (const sent of answers) assert.equal([sent.status, sent.location?.pathname], [303, '/account'])
  assert.is((await app.events()).filter(({ type }) => type === 'session.revoked').length, 1)
})

test('a page of another origin ends nothing', async () => {
  await using app = await givenApp()
  const [ada, phone] = [await app.login(), await app.login()]
  const from = 'https://mallory.test/'

  isProblem(
    await ada.browser.fetchApi(`/auth/sessions/${phone.record.ref}`, {
      ...DELETE,
      from,
      headers: { Cookie: ada.cookie },
    }),
    403,
    'origin-not-proven',
  )
  const page = await ada.browser.post(
    `/auth/sessions/${phone.record.ref}/end`,
    {},
    { from, headers: { Cookie: ada.cookie } },
  )

  assert.is(page.status, 403)
  assert.is((await phone.browser.fetchApi('/auth/session')).status, 200)
})

test.run()
