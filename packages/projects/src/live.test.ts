import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { eventually, type GivenSession, rejects, signOff } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { projectKeys } from './keys.js'
import { givenProjects, readChange, readList, readProject } from './testing/given-projects.js'

const test = suite('projects: live, on every instance')

const post = (json: unknown) => ({ method: 'POST', json })
const isRefresh = ({ event }: { event: string }) => event === 'refresh'
const isChange = ({ event }: { event: string }) => event === 'project'

/** Two instances, of which only messages tell each other anything: lists are kept for an hour. */
async function givenTwo() {
  const world = await givenProjects({ listMaxAgeMs: 3_600_000 })
  const other = await world.start({ instance: 'projects-2' })
  return { ...world, other, elsewhere: (session: GivenSession) => other.browser(session) }
}

test('a change on one instance appears on the stream and in the list of the other', async () => {
  await using world = await givenTwo()
  const elsewhere = await world.elsewhere(world.ada)
  assert.equal(readList(await elsewhere.fetchApi('/projects')), [])
  await using stream = await elsewhere.stream('/projects/stream')
  await stream.find(isRefresh)

  const created = readProject(await world.browser.fetchApi('/projects', post({ name: 'Engine' })))
  const message = readChange(await stream.find(isChange))

  assert.equal(message, { what: 'project.created', project: created })
  assert.equal(readList(await elsewhere.fetchApi('/projects')), [created])

  await world.browser.fetchApi(`/projects/${created.id}`, { method: 'DELETE' })
  await stream.find((event) => isChange(event) && readChange(event).what === 'project.deleted')
  assert.equal(readList(await elsewhere.fetchApi('/projects')), [])
})

test('a stream tells of what its user may see, and of nothing else', async () => {
  await using world = await givenTwo()
  const mallory = await world.elsewhere(await world.session({ user: 'mallory' }))
  const admin = await world.elsewhere(await world.session({ user: 'root', roles: ['admin'] }))
  await using hers = await mallory.stream('/projects/stream')
  await using everyones = await admin.stream('/projects/stream')
  await Promise.all([hers.find(isRefresh), everyones.find(isRefresh)])

  await world.browser.fetchApi('/projects', post({ name: 'Engine' }))
  await mallory.fetchApi('/projects', post({ name: 'Crowbar' }))
  await hers.find(isChange)
  await everyones.find((event) => isChange(event) && readChange(event).project.name === 'Crowbar')

  assert.equal(
    hers.events.filter(isChange).map((event) => readChange(event).project.name),
    ['Crowbar'],
  )
  assert.is(everyones.events.filter(isChange).length, 2)
})

test('a stream ends with its session, on every instance; the next request is refused', async () => {
  await using world = await givenTwo()
  const phone = await world.session({ user: 'ada' })
  await using here = await world.browser.stream('/projects/stream')
  await using there = await (await world.elsewhere(world.ada)).stream('/projects/stream')
  await using onPhone = await (await world.elsewhere(phone)).stream('/projects/stream')
  await Promise.all([here, there, onPhone].map((stream) => stream.find(isRefresh)))

  await signOff(world.redis, world.namespace, { session: world.ada.record })
  await eventually(() => here.ended && there.ended)

  assert.is(onPhone.ended, false)
  assert.is((await world.browser.fetchApi('/projects')).status, 401)
  assert.is((await world.browser.fetchApi('/projects/stream')).status, 401)
})

test('what a slow viewer has not read when its session ends does not reach it', async () => {
  await using world = await givenProjects()
  const project = readProject(await world.browser.fetchApi('/projects', post({ name: 'Engine' })))
  await using fast = await world.browser.stream('/projects/stream')
  const asking = get(`${world.service.url}/projects/stream`, { headers: { Cookie: world.ada.cookie } })
  const [slow]: IncomingMessage[] = await once(asking, 'response')
  assert.ok(slow)
  slow.pause()
  await fast.find(isRefresh)

  const name = 'x'.repeat(64 * 1024)
  // The sockets' own buffers take some megabytes first.
  for (let version = 2; world.service.unread() < 4 * name.length; version++) {
    const change = { what: 'project.renamed', project: { ...project, name, version } }
    await world.redis.publish(projectKeys(world.namespace).changes, JSON.stringify(change))
    await fast.find((event) => isChange(event) && readChange(event).project.version === version)
  }
  await signOff(world.redis, world.namespace, { session: world.ada.record })
  await eventually(() => fast.ended)

  await rejects(text(slow), 'ECONNRESET')
})

test('signing off everywhere ends all streams of a user, and of nobody else', async () => {
  await using world = await givenTwo()
  const grace = await world.elsewhere(await world.session({ user: 'grace' }))
  await using adas = await world.browser.stream('/projects/stream')
  await using graces = await grace.stream('/projects/stream')
  await Promise.all([adas.find(isRefresh), graces.find(isRefresh)])

  await signOff(world.redis, world.namespace, { userId: 'ada' })
  await eventually(() => adas.ended)

  assert.is(graces.ended, false)
  assert.is((await grace.fetchApi('/projects')).status, 200)
})

test('a sign-off drops the user’s list from memory', async () => {
  await using world = await givenProjects({ listMaxAgeMs: 3_600_000 })
  const keys = projectKeys(world.namespace)
  const phone = await world.service.browser(await world.session({ user: 'ada' }))
  const { id } = readProject(await world.browser.fetchApi('/projects', post({ name: 'Engine' })))
  assert.is(readList(await phone.fetchApi('/projects')).length, 1)
  // Behind the service's back: only what is read anew notices.
  await world.redis.del(keys.project(id))
  assert.is(readList(await phone.fetchApi('/projects')).length, 1)

  const { sequence } = await signOff(world.redis, world.namespace, { session: world.ada.record })
  await eventually(() => world.service.guard.stats().sequence >= sequence)

  assert.equal(readList(await phone.fetchApi('/projects')), [])
})

test('a guard that may have missed sign-offs drops everyone’s list', async () => {
  await using world = await givenProjects({ listMaxAgeMs: 3_600_000 })
  const keys = projectKeys(world.namespace)
  const { id } = readProject(await world.browser.fetchApi('/projects', post({ name: 'Engine' })))
  await world.browser.fetchApi('/projects')
  await world.redis.del(keys.project(id))
  assert.is(readList(await world.browser.fetchApi('/projects')).length, 1)

  // Another history: what was remembered may be from another time.
  await world.redis.hdel(`{${world.namespace}:0}:history`, 'nonce')
  await eventually(() => world.service.guard.stats().flushes > 1)

  assert.equal(readList(await world.browser.fetchApi('/projects')), [])
})

test('after the connection that listens was lost, lists are read anew and pages are told to look', async () => {
  await using world = await givenTwo()
  const elsewhere = await world.elsewhere(world.ada)
  await using stream = await elsewhere.stream('/projects/stream')
  await stream.find(isRefresh)
  assert.equal(readList(await elsewhere.fetchApi('/projects')), [])

  const refreshes = stream.events.filter(isRefresh).length
  await world.redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await world.browser.fetchApi('/projects', post({ name: 'Engine' }))

  await eventually(() => stream.events.filter(isRefresh).length > refreshes)
  assert.is(readList(await elsewhere.fetchApi('/projects')).length, 1)
})

test.run()
