import { once } from 'node:events'
import { createServer, get } from 'node:http'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { drain, trackRequests } from './drain.js'

const test = suite('service: drain')

test('what takes too long is cut off at the deadline, and only then everything is given back', async () => {
  const steps: string[] = []
  const record = (event: string) => void steps.push(event)
  const log = { debug: record, info: record, warn: record, error: record }
  const requests = trackRequests(() => record('request under way'))
  const server = createServer(requests.handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  const request = get({ port: address.port, host: '127.0.0.1' })
  const cutOff = once(request, 'error')
  await once(server, 'request')

  await drain({
    servers: [server],
    requests,
    service: { drain: () => record('drain'), stop: () => record('stop') },
    log,
    deadlineMs: 20,
  })

  await cutOff
  assert.equal(steps, [
    'request under way',
    'service.draining',
    'drain',
    'service.requests-cut-off',
    'stop',
    'service.stopped',
  ])
})

test('with nothing under way it does not wait', async () => {
  const requests = trackRequests(() => undefined)
  const silent = () => undefined
  const log = { debug: silent, info: silent, warn: silent, error: silent }
  let drained = false
  void drain({ servers: [], requests, service: {}, log }).then(() => {
    drained = true
  })

  // It may take a few turns of the event loop, and no timer.
  for (let turns = 0; turns < 20 && !drained; turns++) await new Promise(setImmediate)
  assert.ok(drained)
})

test.run()
