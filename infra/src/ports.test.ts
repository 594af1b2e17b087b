import { rejects, serve } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FIRST_FREE, freePorts, portsFrom, readBasePort, requireFreePorts } from './ports.js'

const test = suite('infra: ports')

test('one setting moves all ports', () => {
  assert.equal(portsFrom(readBasePort('5000')), {
    gateway: 5000,
    identity: 5001,
    events: 5002,
    'projects-1': 5011,
    'projects-2': 5012,
    provider: 5020,
    redis: 5379,
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

  const error = await rejects(requireFreePorts([{ name: 'identity', port: other.port }], 0), 'START_FAILED')

  assert.match(error.message, `Port ${other.port}, which identity needs, is in use.`)
  assert.match(error.message, 'CURFEW_PORT=5000 npm start')
})

test('a port that becomes free in time is no trouble', async () => {
  const other = await serve((_req, res) => res.end())

  const waiting = requireFreePorts([{ name: 'identity', port: other.port }], 10_000)
  await other[Symbol.asyncDispose]()

  await waiting
})

test('free ports are free', async () => {
  const ports = await freePorts()

  await requireFreePorts(
    Object.entries(ports).map(([name, port]) => ({ name, port })),
    0,
  )
})

// found 2026-11-27: two that started in the same moment were given the same now and then
test('systems that start side by side are given no port twice, though none listens yet', async () => {
  const given = await Promise.all(Array.from({ length: 60 }, () => freePorts()))
  const ports = given.flatMap((one) => Object.values(one))

  assert.is(new Set(ports).size, ports.length)
})

// found 2026-11-27: a system whose provider was at 10080 never became ready, since fetch does not open that port
test('none of them is a port that browsers refuse to open', async () => {
  const refusal = await fetch('http://127.0.0.1:10080/').catch((error: Error) => String(error.cause))

  assert.is(refusal, 'Error: bad port')
  assert.ok(FIRST_FREE > 10_080, 'the highest of them (Fetch, “bad port”)')
})

test.run()
