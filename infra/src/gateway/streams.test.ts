import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { rejects } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenGateway } from '../testing/given-gateway.js'

const test = suite('gateway: streams')

test('an event stream is open before its first event, and each event passes when it is sent', async () => {
  await using world = await givenGateway()

  const answer = await world.get('/events/stream')
  const upstream = await world.streams.promise
  upstream.write('data: one\n\n')
  const [first] = await once(answer, 'data')
  upstream.write('data: two\n\n')
  const [second] = await once(answer, 'data')

  assert.is(answer.statusCode, 200)
  assert.equal([String(first), String(second)], ['data: one\n\n', 'data: two\n\n'])
  answer.destroy()
})

test('a stream ends upstream when the browser goes away', async () => {
  await using world = await givenGateway()
  const answer = await world.get('/events/stream')
  const upstream = await world.streams.promise
  const closed = once(upstream, 'close')

  answer.destroy()

  await closed
  assert.not.ok(upstream.writableFinished)
})

test('a stream that the service ends is ended for the browser', async () => {
  await using world = await givenGateway()
  const answer = await world.get('/events/stream')
  const upstream = await world.streams.promise

  upstream.end('data: last\n\n')

  assert.is(await text(answer), 'data: last\n\n')
})

test('a service that dies in the middle of an answer cuts it off, and does not make it look whole', async () => {
  await using world = await givenGateway()
  const answer = await world.get('/events/stream')
  const upstream = await world.streams.promise

  upstream.destroy()

  await rejects(text(answer), 'ECONNRESET')
  assert.not.ok(answer.complete)
})

test.run()
