import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenGateway } from '../testing/given-gateway.js'

const test = suite('gateway: upgrades')

test('a WebSocket passes, both ways', async () => {
  await using world = await givenGateway()
  const socket = connect(Number(world.host.split(':')[1]), 'localhost')
  socket.write(
    `GET /events/socket HTTP/1.1\r\nHost: ${world.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  )

  const answer = await once(socket, 'data')
  socket.write('ping')
  const echo = await once(socket, 'data')

  assert.match(String(answer), /^HTTP\/1.1 101 /)
  assert.is(String(echo), 'ping')
  socket.destroy()
})

test('a closed path is closed for WebSockets, too', async () => {
  await using world = await givenGateway()
  const socket = connect(Number(world.host.split(':')[1]), 'localhost')

  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')

  assert.match(await text(socket), /^HTTP\/1.1 404 /)
  assert.equal(world.requests, [])
})

test('a connection that is reset in the middle of an upgrade harms nobody else', async () => {
  await using world = await givenGateway({ projects: ['down', 'down'] })
  const port = Number(world.host.split(':')[1])
  const targets = ['/metrics', '/projects/socket', '/events/socket']

  for (const target of targets.flatMap((each) => Array<string>(20).fill(each))) {
    const socket = connect(port, 'localhost')
    socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)
    await once(socket, 'connect')
    socket.resetAndDestroy()
  }
  await eventually(() => world.connections() === 0)

  assert.is((await world.get('/auth/session')).statusCode, 200)
})

test.run()
