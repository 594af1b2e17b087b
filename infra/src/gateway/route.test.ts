import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { routeOf } from './route.js'

const test = suite('gateway: route')

test('each prefix leads to its service, and what no service owns to identity', () => {
  const expected = {
    '/': 'identity',
    '/auth': 'identity',
    '/auth/login?return_to=/projects': 'identity',
    '/auth/tokens': 'identity',
    '/projects': 'projects',
    '/projects/': 'projects',
    '/projects/42/stream': 'projects',
    '/projects?mine': 'projects',
    '/projectsilo': 'identity',
    '/events': 'events',
    '/events/stream': 'events',
    '/console': 'events',
    '/console/users/caf%C3%A9': 'events',
    '/nowhere': 'identity',
    '/metrics.html': 'identity',
  }

  for (const [target, service] of Object.entries(expected)) assert.is(routeOf(target), service, target)
})

test('a closed path is closed however it is written', () => {
  const targets = [
    '/healthz',
    '/readyz',
    '/metrics',
    '/metrics/',
    '/metrics?format=text',
    '/METRICS',
    '/%6detrics',
    '/%4Detrics',
    '/metrics/anything',
    '/auth/introspect',
    '/auth/introspect/',
    '/auth/Introspect',
    '/auth/%69ntrospect',
    '/auth/token',
    '/auth/TOKEN?x=1',
    '/%61uth/token',
  ]

  for (const target of targets) assert.is(routeOf(target), 'closed', target)
})

test('a path that two readers could read differently leads nowhere', () => {
  const targets = [
    '//metrics',
    '/auth//introspect',
    '/auth/../metrics',
    '/auth/%2e%2e/metrics',
    '/auth/.%2E/metrics',
    '/./metrics',
    '/auth/..',
    '/auth%2fintrospect',
    '/auth%5Cintrospect',
    '/auth\\introspect',
    '/%256detrics',
    '/auth/%252e%252e/metrics',
    '/metrics%00',
    '/metrics%0a',
    '/met%ff',
    '/met%2',
    'http://localhost:4001/metrics',
    'metrics',
    '*',
    '',
  ]

  for (const target of targets) assert.is(routeOf(target), 'ambiguous', target)
})

test.run()
