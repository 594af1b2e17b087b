import { rejects, serve } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FIRST_FREE, freePorts, portsFrom, readBasePort, requirePorts } from './ports.js'
import { REFUSED_PORTS } from './refused-ports.js'

const test = suite('infra: ports')

test('one setting moves all ports', () => {
  assert.equal(portsFrom(readBasePort('4500')), {
    gateway: 4500,
    identity: 4501,
    events: 4502,
    'projects-1': 4511,
    'projects-2': 4512,
    provider: 4520,
    redis: 4879,
  })
  assert.is(readBasePort(undefined), 4000)
})

test('a CURFEW_PORT that is no port, or leaves no room above it, is said in a sentence', () => {
  for (const wrong of ['http', '0', '-1', '70000', '65500', '4000.5']) {
    assert.throws(() => readBasePort(wrong), /^CURFEW_PORT must be a whole number from 1 to 65156/, wrong)
  }
})

test('a port in use is named, with who wanted it', async () => {
  await using other = await serve((_req, res) => res.end())

  const error = await rejects(requirePorts([wish(other.port)], 0), 'START_FAILED')

  assert.match(error.message, `Port ${other.port}, which identity needs, is in use.`)
  assert.match(error.message, 'CURFEW_PORT=4500 npm start')
})

test('a port that becomes free in time is no trouble', async () => {
  const other = await serve((_req, res) => res.end())

  const waiting = requirePorts([wish(other.port)], 10_000)
  await other[Symbol.asyncDispose]()

  await waiting
})

test('free ports are free', async () => {
  const ports = await freePorts()

  await requirePorts(Object.values(ports).map(wish), 0)
})

// found 2026-11-27: two that started in the same moment were given the same now and then
test('systems that start side by side are given no port twice, though none listens yet', async () => {
  const given = await Promise.all(Array.from({ length: 60 }, () => freePorts()))
  const ports = given.flatMap((one) => Object.values(one))

  assert.is(new Set(ports).size, ports.length)
})

// found 2026-11-27: a system whose provider was at 10080 never became ready, since fetch does not open that port
test('none of them is a port that browsers refuse to open', () => {
  assert.ok(FIRST_FREE > Math.max(...REFUSED_PORTS))
})

// found 2026-11-27: `CURFEW_PORT=10060 npm start` said only after half a minute that the provider was not ready
test('a port that browsers refuse to open is said with who wanted it, unless it is Redis’', async () => {
  const provider = { name: 'provider', port: 10_080, address: 'http://127.0.0.1:10080' }
  const redis = { name: 'redis', port: 10_080, address: 'redis://127.0.0.1:10080' }

  const error = await rejects(requirePorts([provider], 0), 'START_FAILED')
  await requirePorts([redis], 10_000)

  assert.is(
    error.message,
    'Port 10080, which provider needs, is one that browsers refuse to open. Move all ports: CURFEW_PORT=4500 npm start.',
  )
})

test('neither the usual ports nor those that the sentences propose are among them', () => {
  for (const base of ['', '4500']) {
    const { redis: _, ...opened } = portsFrom(readBasePort(base))
    assert.equal(
      Object.values(opened).filter((port) => REFUSED_PORTS.has(port)),
      [],
    )
  }
})

test('fetch refuses each port of the list', async () => {
  for (const port of REFUSED_PORTS) {
    const refusal = await fetch(`http://127.0.0.1:${port}/`).catch((error: Error) => String(error.cause))
    assert.is(refusal, 'Error: bad port', `${port}`)
  }
})

const wish = (port: number) => ({ name: 'identity', port, address: `http://localhost:${port}` })

test.run()
