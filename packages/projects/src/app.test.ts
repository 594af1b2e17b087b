import { keysOf } from '@curfew/contract'
import { eventually, openHistory } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { projectKeys } from './keys.js'
import { codeOf, givenProjects, readList, readProject } from './testing/given-projects.js'

const test = suite('projects: HTTP')

const post = (json: unknown) => ({ method: 'POST', json })
const patch = (json: unknown, headers: Record<string, string> = {}) => ({ method: 'PATCH', json, headers })

test('projects are created, found, renamed, archived, restored and deleted over JSON', async () => {
  await using world = await givenProjects()
  const { browser } = world

  const created = await browser.fetchApi('/projects', post({ name: ' Engine ' }))
  const { id } = readProject(created)
  const url = `/projects/${id}`
  assert.is(created.status, 201)
  assert.is(created.headers.get('location'), url)
  assert.is(readProject(created).name, 'Engine')

  const renamed = await browser.fetchApi(url, patch({ name: 'Motor', version: 1 }))
  assert.is(renamed.status, 200)
  assert.is(renamed.headers.get('etag'), '"2"')
  assert.type(readProject(await browser.fetchApi(url, patch({ archived: true }))).archivedAt, 'number')
  assert.is(readProject(await browser.fetchApi(url, patch({ archived: false }))).archivedAt, null)
  assert.is(readProject(await browser.fetchApi(url)).name, 'Motor')

  assert.is((await browser.fetchApi(url, { method: 'DELETE' })).status, 204)
  assert.is((await browser.fetchApi(url, { method: 'DELETE' })).status, 204)
  assert.equal(readList(await browser.fetchApi('/projects')), [])
  assert.equal(
    (await world.facts()).map(({ type }) => type),
    ['created', 'renamed', 'archived', 'restored', 'deleted'].map((what) => `project.${what}`),
  )
})

test('a fact in the log names the session, the address and the request', async () => {
  await using world = await givenProjects()

  const created = await world.browser.fetchApi('/projects', post({ name: 'Engine' }))

  const [fact] = await world.facts()
  assert.is(fact?.source, '/projects')
  assert.is(fact?.subject, 'ada')
  assert.equal(fact?.data, {
    actor: 'ada',
    actorName: 'Ada',
    subjectName: 'Ada',
    ref: world.ada.ref,
    ip: fact?.data['ip'],
    userAgent: 'CurfewTestBrowser/1.0',
    correlationId: created.headers.get('x-correlation-id'),
    project: readProject(created).id,
    name: 'Engine',
  })
  assert.match(String(fact?.data['ip']), /127\.0\.0\.1|::1/)
  assert.is(await world.redis.hlen(projectKeys(world.namespace).outbox), 0)
})

// found 2026-11-21: 16 kB of User-Agent went into the log with each change
test('a long User-Agent is cut before it is logged', async () => {
  await using world = await givenProjects()
  const headers = { 'User-Agent': 'x'.repeat(8_000) }

  await world.browser.fetchApi('/projects', { ...post({ name: 'Engine' }), headers })

  assert.is((await world.facts())[0]?.data['userAgent'], 'x'.repeat(512))
})

test('forms work without a script, and lead back to the list', async () => {
  await using world = await givenProjects()
  const { browser } = world
  await browser.get('/projects')

  const listed = await browser.submitForm({ name: 'Engine <1>' }, { action: '/projects' })
  assert.equal(
    listed.visited.map(({ pathname }) => pathname),
    ['/projects', '/projects'],
  )
  assert.match(listed.text, 'value="Engine &lt;1&gt;"')

  await browser.submitForm({ name: 'Motor' }, { action: '/rename' })
  assert.match(browser.page?.text ?? '', 'value="Motor"')
  await browser.submitForm({}, { action: '/archive' })
  assert.match(browser.page?.text ?? '', /id="archive-count">1</)
  await browser.submitForm({}, { action: '/restore' })
  assert.match(browser.page?.text ?? '', /id="archive-count">0</)
  await browser.submitForm({}, { action: '/delete' })
  assert.is(browser.page?.status, 200)
  assert.equal(readList(await browser.fetchApi('/projects')), [])
})

test('the page says which instance served it, and whether Redis had to be asked who is calling', async () => {
  await using world = await givenProjects()

  const first = await world.browser.get('/projects')
  const second = await world.browser.get('/projects')

  const { instance } = world.service.guard
  assert.match(first.text, `Served by <strong>${instance}</strong>, session from <strong>Redis</strong>`)
  assert.match(second.text, `Served by <strong>${instance}</strong>, session from <strong>memory</strong>`)
  assert.is(second.headers.get('cache-control'), 'no-store')
  assert.match(second.headers.get('content-security-policy') ?? '', "script-src 'self'")
  assert.not.match(second.text, /<script(?![^>]+src=)|<style|style="| on\w+="/)
})

test('what the page loads is there', async () => {
  await using world = await givenProjects()
  const { text } = await world.browser.get('/projects')
  const assets = [...text.matchAll(/(?:src|href)="(\/projects\/assets\/[^"]+)"/g)].map(
    ([, path = '']) => path,
  )

  for (const path of [...assets, '/projects/assets/shared-stream.js', '/projects/assets/toast.js']) {
    assert.is((await world.browser.fetchApi(path)).status, 200, path)
  }
  assert.ok(assets.includes('/projects/assets/projects-page.js'))
})

test('a viewer sees no controls, and is refused when writing all the same', async () => {
  await using world = await givenProjects()
  const { id } = readProject(await world.browser.fetchApi('/projects', post({ name: 'Engine' })))
  const viewer = await world.service.browser(await world.session({ user: 'ada', roles: ['viewer'] }))

  const page = await viewer.get('/projects')
  assert.match(page.text, '<span class="project-name">Engine</span>')
  assert.match(page.text, 'Your role comes from your sign-in provider')
  assert.equal(
    page.forms.map(({ action }) => new URL(action, page.url).pathname),
    ['/auth/logout'],
  )
  for (const [path, options] of [
    ['/projects', post({ name: 'Mine' })],
    [`/projects/${id}`, patch({ name: 'Mine' })],
    [`/projects/${id}`, { method: 'DELETE' }],
    [`/projects/${id}/archive`, { method: 'POST' }],
  ] as const) {
    const refused = await viewer.fetchApi(path, options)
    assert.is(refused.status, 403, path)
    assert.is(codeOf(refused), 'forbidden')
  }
})

test('who has none of the roles sees nothing', async () => {
  await using world = await givenProjects()
  const stranger = await world.service.browser(await world.session({ user: 'eve', roles: [] }))

  for (const path of ['/projects', '/projects/stream']) {
    assert.is((await stranger.fetchApi(path)).status, 403)
  }
})

test('an admin sees everyone’s projects, one user’s, or only their own', async () => {
  await using world = await givenProjects()
  await world.browser.fetchApi('/projects', post({ name: 'Engine' }))
  const admin = await world.service.browser(await world.session({ user: 'root', roles: ['admin'] }))
  await admin.fetchApi('/projects', post({ name: 'Crown' }))
  const namesAt = async (path: string) => readList(await admin.fetchApi(path)).map(({ name }) => name)

  assert.equal(await namesAt('/projects'), ['Crown', 'Engine'])
  assert.equal(await namesAt('/projects?owner=ada'), ['Engine'])
  assert.equal(await namesAt('/projects?owner=me'), ['Crown'])
  assert.match((await admin.get('/projects')).text, 'href="/projects?owner=ada">Ada</a>')
  assert.is((await world.browser.fetchApi('/projects?owner=root')).status, 403)
})

test('somebody else’s project is not found', async () => {
  await using world = await givenProjects()
  const { id } = readProject(await world.browser.fetchApi('/projects', post({ name: 'Engine' })))
  const mallory = await world.service.browser(await world.session({ user: 'mallory' }))

  for (const options of [{}, patch({ name: 'Mine' }), { method: 'DELETE' }]) {
    const refused = await mallory.fetchApi(`/projects/${id}`, options)
    assert.is(refused.status, 404)
    assert.is(codeOf(refused), 'not-found')
  }
})

test('a rename over a newer one is a conflict, told by the body or by If-Match', async () => {
  await using world = await givenProjects()
  const { browser } = world
  const url = `/projects/${readProject(await browser.fetchApi('/projects', post({ name: 'Engine' }))).id}`
  await browser.fetchApi(url, patch({ name: 'Motor' }))

  for (const stale of [patch({ name: 'X', version: 1 }), patch({ name: 'X' }, { 'If-Match': '"1"' })]) {
    const refused = await browser.fetchApi(url, stale)
    assert.is(refused.status, 409)
    assert.is(codeOf(refused), 'conflict')
    assert.match(refused.text, 'Motor')
  }
  assert.is((await browser.fetchApi(url, patch({ name: 'X' }, { 'If-Match': '"2"' }))).status, 200)
})

test('input that is not acceptable is told what is wrong', async () => {
  await using world = await givenProjects()
  const { browser } = world
  const url = `/projects/${readProject(await browser.fetchApi('/projects', post({ name: 'Engine' }))).id}`

  for (const [path, options, sentence] of [
    ['/projects', post({ name: '  ' }), 'A project needs a name.'],
    ['/projects', post({ name: 'x'.repeat(101) }), 'at most 100 characters'],
    ['/projects', post({ name: 'a\u0000b' }), 'without control characters'],
    ['/projects', post({}), '“name”'],
    ['/projects', post({ name: 7 }), '“name”'],
    ['/projects', post({ name: 'Engine', owner: 'root' }), 'owner'],
    ['/projects', post([]), 'not right'],
    [url, patch({ archived: 'yes' }), '“archived”'],
    [url, patch({ version: 'new', name: 'X' }), '“version”'],
    [url, patch({}), 'name, archived'],
    ['/projects?owner=', {}, 'not right'],
  ] as const) {
    const refused = await browser.fetchApi(path, options)
    assert.is(refused.status, 422, `${path} ${JSON.stringify(options)}`)
    assert.is(codeOf(refused), 'invalid-input')
    assert.match(refused.text, sentence)
  }
})

test('who is not signed in gets a problem, or is led to sign in and back here', async () => {
  await using world = await givenProjects()
  const stranger = await world.service.browser()

  const api = await stranger.fetchApi('/projects')
  assert.is(api.status, 401)
  assert.is(codeOf(api), 'session-required')
  assert.match(api.headers.get('content-type') ?? '', 'application/problem+json')

  const page = await stranger.get('/projects?owner=ada', { follow: () => false })
  assert.is(page.status, 302)
  assert.is(page.location?.pathname, '/auth/login')
  assert.is(page.location?.searchParams.get('return_to'), '/projects?owner=ada')

  assert.is((await stranger.fetchApi('/projects', post({ name: 'X' }))).status, 401)
  assert.is((await stranger.fetchApi('/projects/stream')).status, 401)
})

test('a cookie that names no session is no session', async () => {
  await using world = await givenProjects()
  const mallory = await world.service.browser()

  for (const value of ['garbage', 'A'.repeat(44), '%00', world.ada.ref]) {
    await mallory.setCookie(`curfew=${value}; Path=/`)
    assert.is((await mallory.fetchApi('/projects')).status, 401, value)
  }
})

test('a page of another origin can’t change anything', async () => {
  await using world = await givenProjects()
  const from = 'http://evil.example'

  const fetched = await world.browser.fetchApi('/projects', { ...post({ name: 'X' }), from })
  const posted = await world.browser.post('/projects', { name: 'X' }, { from: `${from}/page` })

  assert.is(fetched.status, 403)
  assert.is(codeOf(fetched), 'origin-not-proven')
  assert.is(posted.status, 403)
  assert.equal(readList(await world.browser.fetchApi('/projects')), [])
})

test('what can’t be read is refused by its kind', async () => {
  await using world = await givenProjects()
  const send = (method: string, path: string, type: string, body: string) =>
    fetch(`${world.service.url}${path}`, {
      method,
      headers: { Cookie: world.ada.cookie, 'X-Curfew': '1', 'Content-Type': type },
      body,
    })
  const json = 'application/json'

  for (const [answer, status, code] of [
    [await send('POST', '/projects', json, '{"name":'), 400, 'bad-request'],
    [await send('POST', '/projects', json, JSON.stringify({ name: 'x'.repeat(70_000) })), 413, 'too-large'],
    [await send('POST', '/projects', 'text/plain', 'Engine'), 415, 'unsupported-media-type'],
    [await send('POST', '/projects/unknown/route', json, '{}'), 404, 'not-found'],
    [await send('PUT', '/projects', json, '{}'), 405, 'method-not-allowed'],
    [await send('PROPFIND', '/projects', json, '{}'), 405, 'method-not-allowed'],
    [await send('POST', '/nowhere', json, '{}'), 404, 'not-found'],
  ] as const) {
    assert.is(answer.status, status)
    assert.is(codeOf({ text: await answer.text() }), code)
  }
})

test('the service’s own port leads to the projects', async () => {
  await using world = await givenProjects()

  const page = await world.browser.get('/')

  assert.is(page.url.pathname, '/projects')
  assert.is(page.status, 200)
})

test('it is alive, and ready when Redis answers and the guard follows', async () => {
  await using world = await givenProjects()
  const anyone = await world.service.browser()

  assert.is((await anyone.fetchApi('/healthz')).status, 200)
  assert.is((await anyone.fetchApi('/readyz')).status, 200)
  const { text } = await anyone.fetchApi('/metrics')
  assert.match(text, 'http_request_duration_seconds')
  assert.match(text, 'curfew_guard_following{service="projects"} 1')
})

test('without a lease it is not ready, and says so', async () => {
  await using world = await givenProjects()
  const anyone = await world.service.browser()

  await world.service.guard.close()

  const answer = await anyone.fetchApi('/readyz')
  assert.is(answer.status, 503)
  assert.match(answer.text, 'The guard has no lease')
  assert.match((await anyone.fetchApi('/metrics')).text, 'curfew_guard_following{service="projects"} 0')
})

test('without a lease it is not ready although Redis answers, and answers nobody from memory', async () => {
  await using world = await givenProjects({ leaseMs: 400 })
  const { history } = keysOf(world.namespace)
  assert.is((await world.browser.fetchApi('/projects')).status, 200)

  // Redis has lost sign-offs, so that nobody is given a lease.
  await world.redis.hset(history, 'lost', 1)
  await eventually(async () => (await world.browser.fetchApi('/readyz')).status === 503)
  const unready = await world.browser.fetchApi('/readyz')
  const refused = await world.browser.fetchApi('/projects')
  await world.redis.hdel(history, 'lost')
  await openHistory(world.redis, world.namespace)

  assert.ok(Number(unready.headers.get('retry-after')) > 0)
  assert.match(unready.text, 'does not follow the sign-offs')
  assert.equal([refused.status, codeOf(refused)], [503, 'store-unavailable'])
  await eventually(async () => (await world.browser.fetchApi('/readyz')).status === 200)
  assert.is((await world.browser.fetchApi('/projects')).status, 200)
})

test.run()
