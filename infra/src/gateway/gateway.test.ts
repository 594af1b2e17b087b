import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { echoOf, givenGateway } from '../testing/given-gateway.js'

const test = suite('gateway')

test('one domain leads to every service, and what no service owns to identity', async () => {
  await using world = await givenGateway()

  const answers = await Promise.all(
    ['/', '/auth/session', '/projects', '/events', '/console', '/nowhere'].map((path) => world.get(path)),
  )

  assert.equal(await Promise.all(answers.map(async (answer) => (await echoOf(answer)).service)), [
    'identity',
    'identity',
    'projects-1',
    'events',
    'events',
    'identity',
  ])
})

test('projects are served in turns', async () => {
  await using world = await givenGateway()

  const served: string[] = []
  for (let i = 0; i < 4; i++) served.push((await echoOf(await world.get('/projects'))).service)

  assert.equal(served, ['projects-1', 'projects-2', 'projects-1', 'projects-2'])
})

test('closed paths are not found, and no way of writing them reaches a service', async () => {
  await using world = await givenGateway()
  const attacks = [
    '/metrics',
    '/auth/introspect/',
    '/%6detrics',
    '/auth/../metrics',
    '//metrics',
    '/auth%2ftoken',
  ]

  const answers = await Promise.all(attacks.map((path) => world.get(path)))

  assert.equal(
    answers.map((answer) => answer.statusCode),
    [404, 404, 404, 400, 400, 400],
  )
  for (const answer of answers) assert.is(answer.headers['content-type'], 'application/problem+json')
  assert.equal(world.requests, [])
})

test('what is no path is a bad request, and not a mistake of ours', async () => {
  await using world = await givenGateway()

  for (const target of ['http://[::1', 'http://localhost/projects', '//a@[::1#', '*']) {
    const answer = await world.send('OPTIONS', target)
    assert.is(answer.statusCode, 400, target)
    assert.is(answer.headers['content-type'], 'application/problem+json')
  }
  assert.equal(world.requests, [])
})

test('what a caller says about itself is replaced by what the gateway saw', async () => {
  await using world = await givenGateway()

  const { headers } = await echoOf(
    await world.get('/auth/session', {
      Cookie: 'curfew=abc',
      Forwarded: 'for=6.6.6.6',
      'X-Forwarded-For': '6.6.6.6',
      'X-Forwarded-Host': 'evil.example',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Port': '443',
      'X-Real-Ip': '6.6.6.6',
      'X-Curfew': '1',
      'X-Curfew-User': 'admin',
      'X-Curfew-User-Roles': 'admin',
      Connection: 'keep-alive, X-Forwarded-For',
    }),
  )

  assert.match(headers['x-forwarded-for'] ?? '', /^(127\.0\.0\.1|::1|::ffff:127\.0\.0\.1)$/)
  assert.is(headers['x-forwarded-host'], world.host)
  assert.is(headers['x-forwarded-proto'], 'http')
  assert.is(headers['host'], world.host)
  assert.is(headers['cookie'], 'curfew=abc')
  assert.is(headers['x-curfew'], '1')
  for (const name of ['forwarded', 'x-forwarded-port', 'x-real-ip', 'x-curfew-user', 'x-curfew-user-roles']) {
    assert.is(headers[name], undefined, name)
  }
  assert.not.match(headers['connection'] ?? '', /forwarded/)
})

test('a service hears the correlation id that the caller is told', async () => {
  await using world = await givenGateway()

  const answer = await world.get('/auth/session')

  assert.is((await echoOf(answer)).headers['x-correlation-id'], answer.headers['x-correlation-id'])
})

test('a body arrives whole, with any method', async () => {
  await using world = await givenGateway()
  const body = 'x'.repeat(300_000)

  const echoes = await Promise.all(
    ['POST', 'PUT', 'DELETE'].map(async (method) => echoOf(await world.send(method, '/projects', body))),
  )

  assert.equal(
    echoes.map(({ method, bytes }) => [method, bytes]),
    [
      ['POST', 300_000],
      ['PUT', 300_000],
      ['DELETE', 300_000],
    ],
  )
})

test('the headers of a service are its own', async () => {
  await using world = await givenGateway()

  const { headers } = await world.get('/auth/session')

  assert.is(headers['content-security-policy'], undefined)
  assert.equal(headers['set-cookie'], ['a=1', 'b=2'])
})

test.run()
