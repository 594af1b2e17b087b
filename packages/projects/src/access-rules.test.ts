import { freshNamespace, givenSession, startRuledRedis } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readChange, readProject } from './testing/given-projects.js'
import { startProjects } from './testing/start-projects.js'

const test = suite('projects: the access rules of infra/sentinel')

test('they let this service do all that it does, and nothing of it is refused', async () => {
  await using rules = await startRuledRedis()
  const namespace = freshNamespace()
  const identity = new Redis(rules.urlOf('identity'))
  const ada = await givenSession(identity, namespace)
  identity.disconnect()
  await using projects = await startProjects({ namespace, redisUrl: rules.urlOf('projects') })
  const browser = await projects.browser(ada)
  await using stream = await browser.stream('/projects/stream')
  await stream.find(({ event }) => event === 'refresh')

  const { id } = readProject(
    await browser.fetchApi('/projects', { method: 'POST', json: { name: 'Engine' } }),
  )
  await stream.find(({ event }) => event === 'project')
  await browser.fetchApi(`/projects/${id}`, { method: 'PATCH', json: { name: 'Motor' } })
  await browser.fetchApi(`/projects/${id}`, { method: 'DELETE' })
  await browser.fetchApi(`/projects/${id}`, { method: 'DELETE' })
  await stream.find((event) => event.event === 'project' && readChange(event).what === 'project.deleted')

  assert.equal(await rules.refused(), [])
  assert.equal(projects.complaints, [])
})

test.run()
