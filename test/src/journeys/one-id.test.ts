import { DEMO_PASSWORD } from '@curfew/infra'
import { type Browser, createBrowser, eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { startTestSystem } from '../system.js'
import { signInOverHttp } from './sign-in-over-http.js'

const test = suite('journeys: one id through all services')

const Events = z.object({
  events: z.array(
    z.object({
      type: z.string(),
      source: z.string(),
      data: z.looseObject({ actor: z.string().nullable(), ref: z.string().optional() }),
    }),
  ),
})
const Project = z.object({ id: z.string() })

test('a login, a request and a sign-off are each followed by one id, from the gateway to what follows days later', async () => {
  await using system = await startTestSystem()
  await using admin = createBrowser(system.url)
  await signInOverHttp(admin, 'admin')
  await using editor = createBrowser(system.url)
  const told = (correlationId: string, ...types: readonly string[]) =>
    eventually(
      async () => {
        const { events } = Events.parse(
          (await admin.fetchApi(`/events?correlation_id=${correlationId}`)).body,
        )
        return types.every((type) => events.some((event) => event.type === type)) ? events : null
      },
      { within: 60_000 },
    )
  const typesIn = (events: z.infer<typeof Events>['events']) => events.map(({ type }) => type).toSorted()

  // The login: only its first request carries the id, the provider knows nothing of it.
  await logInUnder('one-login-1', editor)
  const [created] = await told('one-login-1', 'session.created')
  assert.is(created?.source, '/identity')

  // A request through the gateway, to a service that tells the log by way of its inbox.
  const answer = await editor.fetchApi('/projects', {
    method: 'POST',
    json: { name: 'Engine' },
    headers: { 'X-Correlation-Id': 'one-project-1' },
  })
  assert.is(answer.headers.get('x-correlation-id'), 'one-project-1')
  const { id } = Project.parse(answer.body)
  await editor.fetchApi(`/projects/${id}`, {
    method: 'PATCH',
    json: { name: 'Engine II' },
    headers: { 'X-Correlation-Id': 'one-rename-1' },
  })
  const [renamed, ...no] = await told('one-rename-1', 'project.renamed')
  assert.equal(no, [])
  const { before, after, ref } = renamed?.data ?? { actor: null }
  assert.equal([renamed?.source, before, after, ref], ['/projects', 'Engine', 'Engine II', created?.data.ref])

  // A second login in the same browser ends the session of the first: under its own id.
  await logInUnder('one-login-2', editor)
  assert.equal(typesIn(await told('one-login-2', 'sign-off.confirmed', 'token.revoked')), [
    'session.created',
    'session.revoked',
    'sign-off.confirmed',
    'token.revoked',
  ])

  // A sign-off, what every instance says of it, and what background work does because of it.
  const signedOff = await editor.fetchApi('/auth/logout', {
    method: 'POST',
    json: { scope: 'user' },
    headers: { 'X-Correlation-Id': 'one-bell-1' },
  })
  assert.is(signedOff.status, 200)
  const facts = await told('one-bell-1', 'sign-off.confirmed', 'token.revoked')
  assert.equal(typesIn(facts), ['sign-off.confirmed', 'token.revoked', 'user.logged-out'])
  const confirmed = facts.find(({ type }) => type === 'sign-off.confirmed')
  assert.is(confirmed?.data['applied'], 4)
})

test.run()

async function logInUnder(correlationId: string, browser: Browser): Promise<void> {
  const begun = await browser.get('/auth/login?return_to=/', {
    headers: { 'X-Correlation-Id': correlationId },
    follow: ({ pathname }) => pathname.startsWith('/auth/'),
  })
  const atProvider = await browser.get(begun.location?.href ?? '')
  if (atProvider.url.pathname.startsWith('/interaction/')) {
    await browser.submitForm({ username: 'editor', password: DEMO_PASSWORD })
  }
  assert.is(browser.page?.url.pathname, '/')
}
