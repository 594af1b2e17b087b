import { text } from 'node:stream/consumers'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { echoOf, givenGateway } from '../testing/given-gateway.js'

const test = suite('gateway: a service that is down')

test('an instance that refuses connections is skipped, also for what has effects', async () => {
  await using world = await givenGateway({ projects: ['down', 'projects-2'] })

  const echoes = []
  for (let i = 0; i < 4; i++) echoes.push(await echoOf(await world.send('POST', '/projects', 'a project')))

  for (const { service, bytes } of echoes) assert.equal([service, bytes], ['projects-2', 9])
  assert.is(world.requests.length, 4)
})

test('what an instance may have done is not done again by another', async () => {
  await using world = await givenGateway()

  const answer = await world.send('POST', '/projects/dies', 'a project')

  assert.is(answer.statusCode, 503)
  assert.equal(world.requests, ['POST /projects/dies'])
})

test('a service that is down is a problem for programs, with the time to wait', async () => {
  await using world = await givenGateway({ projects: ['down', 'down'] })

  const answer = await world.get('/projects', { Accept: 'application/json' })

  assert.is(answer.statusCode, 503)
  assert.is(answer.headers['retry-after'], '2')
  assert.is(answer.headers['content-type'], 'application/problem+json')
  assert.match(await text(answer), /"code":"unavailable"/)
})

test('a service that is down is a readable page for a person', async () => {
  await using world = await givenGateway({ projects: ['down', 'down'] })

  const answer = await world.get('/projects', { Accept: 'text/html' })
  const page = await text(answer)

  assert.is(answer.statusCode, 503)
  assert.match(answer.headers['content-type'] ?? '', /^text\/html/)
  assert.match(String(answer.headers['content-security-policy']), /default-src 'none'/)
  assert.match(page, /Nobody was signed out/)
  const [, stylesheet = ''] = page.match(/href="([^"]+\.css)"/) ?? []
  assert.is((await world.get(stylesheet)).statusCode, 200, 'its stylesheet does not need the services')
})

test.run()
