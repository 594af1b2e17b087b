import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isProblem } from '../testing/answers.js'
import { type GivenApp, givenApp } from '../testing/given-app.js'
import { createPlaces, networkOf } from './limit-logins.js'

const test = suite('identity: limit of logins')

const HTML = 'text/html,application/xhtml+xml,*/*;q=0.8'

/** Identity behind one proxy, which names the caller. */
async function given(perMinute: number): Promise<GivenApp> {
  const app = await givenApp({ env: { LOGINS_PER_MINUTE: String(perMinute) } })
  Object.assign(app.identity.app, { proxy: true, maxIpsCount: 1 })
  return app
}

const from = (ip: string, Accept = 'application/json') => ({ headers: { 'X-Forwarded-For': ip, Accept } })

test('who begins too many logins is told when to try again, and the next address is not', async () => {
  await using app = await given(3)
  const begin = (ip: string) => app.ask('/auth/login/dev', from(ip))

  const begun = await Promise.all(Array.from({ length: 3 }, () => begin('203.0.113.7')))
  const refused = await begin('203.0.113.7')
  const neighbour = await begin('203.0.113.8')

  assert.equal(
    begun.map(({ status }) => status),
    [302, 302, 302],
  )
  isProblem(refused, 429, 'too-many-requests')
  const seconds = Number(refused.headers.get('retry-after'))
  assert.ok(seconds > 50 && seconds <= 60, `${seconds}`)
  assert.equal(refused.headers.getSetCookie(), [])
  assert.is(neighbour.status, 302)
})

// found 2026-11-27: each way to begin had a count of its own
test('whichever way a login begins, it counts', async () => {
  await using app = await given(2)

  assert.is((await app.ask('/auth/login?provider=dev', from('203.0.113.7'))).status, 302)
  assert.is((await app.ask('/auth/login/dev', from('203.0.113.7'))).status, 302)
  isProblem(await app.ask('/auth/login/dev', from('203.0.113.7')), 429, 'too-many-requests')
  isProblem(await app.ask('/auth/login', from('203.0.113.7')), 429, 'too-many-requests')
})

test('a person gets a page, with a way on', async () => {
  await using app = await given(1)
  const begin = () => app.ask('/auth/login?return_to=/projects', from('203.0.113.7', HTML))

  await begin()
  const { status, headers, text } = await begin()

  assert.is(status, 429)
  assert.match(headers.get('content-type') ?? '', 'text/html')
  assert.match(text, 'That is too often')
  assert.match(text, /in \d+ seconds/)
  assert.match(text, 'href="/auth/login?return_to=/projects">Try again</a>')
})

test('answers of the provider are counted apart; what is over is neither consumed nor told', async () => {
  await using app = await given(2)
  const forged = () => app.ask('/auth/callback/dev?state=forged&code=forged', from('203.0.113.7'))

  isProblem(await forged(), 400, 'login-failed')
  isProblem(await forged(), 400, 'login-failed')
  isProblem(await forged(), 429, 'too-many-requests')
  assert.is((await app.ask('/auth/login/dev', from('203.0.113.7'))).status, 302)

  assert.is((await app.events()).filter(({ type }) => type === 'login.failed').length, 2)
})

test('nothing else is limited', async () => {
  await using app = await given(1)
  const { browser } = await app.login()

  for (let times = 0; times < 5; times++) {
    assert.is((await browser.fetchApi('/auth/session')).status, 200)
    assert.is((await browser.get('/')).status, 200)
  }
})

test('ten tabs at once, and a hundred logins after them, are no reason to refuse anybody', async () => {
  await using app = await givenApp()
  const begun = await Promise.all(Array.from({ length: 110 }, () => app.ask('/auth/login/dev')))

  assert.ok(begun.every(({ status }) => status === 302))
})

test('however many addresses ask, they share a bounded number of places, which nobody can work out', () => {
  const [placeOf, placeElsewhere] = [createPlaces(), createPlaces()]
  const addresses = Array.from({ length: 100_000 }, (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`)

  const places = addresses.map(placeOf)

  const size = new Set(places).size
  assert.ok(size > 16_000 && size <= 16_384, `${size}`)
  assert.is(placeOf('10.0.0.1'), places[1])
  const same = addresses.filter((address, n) => placeElsewhere(address) === places[n])
  assert.ok(same.length < 100, `${same.length} are in the same place in another process`)
})

test('of IPv6 the network counts: all its addresses are one person’s', () => {
  for (const [ip, network] of [
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0DB8:0001:0002::', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['1::', '1:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::', '0:0:0:0'],
    ['', ''],
    ['unknown', 'unknown'],
  ]) {
    assert.is(networkOf(ip ?? ''), network, ip)
  }
})

test.run()
