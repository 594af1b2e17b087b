import { once } from 'node:events'
import { type ClientRequest, createServer, type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  deferred,
  eventually,
  type GivenSession,
  givenSession,
  redisUrl,
  signOff,
  startRedis,
} from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocket, WebSocketServer } from 'ws'
import type { Guard, GuardOptions } from './guard.js'
import type { Decision } from './session-lookup.js'
import { textOf } from './testing/ask.js'
import { givenGuard } from './testing/given-guard.js'
import { requireRole, requireSession, type SocketCaller, type UpgradeHandler } from './upgrade.js'

const test = suite('guard: upgrade')

const OURS = 'http://localhost'

test('a WebSocket of a signed-in caller is opened, and knows whose it is', async () => {
  await using world = await start()

  const webSocket = await world.open('/echo')
  webSocket.send('hello')

  assert.is(await nextMessage(webSocket), 'hello, ada')
  webSocket.terminate()
  await eventually(() => world.guard.stats().held === 0)
})

test('from memory the handshake goes on in the turn of the decision', async () => {
  let turnIsOver = true
  const seen: boolean[] = []
  const noticing = (guard: Guard): Guard => ({
    ...guard,
    decide(cookieHeader) {
      turnIsOver = false
      queueMicrotask(() => {
        turnIsOver = true
      })
      return guard.decide(cookieHeader)
    },
  })
  await using world = await start({ wrap: noticing, onUpgrade: () => seen.push(turnIsOver) })

  for (let times = 0; times < 2; times++) (await world.open('/echo')).terminate()

  assert.equal(seen, [true, false], 'from Redis, then from memory')
})

test('a handshake without a session is answered before it: a whole response, then the end', async () => {
  await using world = await start()

  const { answer, text, socket } = await world.refused('/echo', { origin: OURS })

  assert.is(answer.statusCode, 401)
  assert.is(answer.statusMessage, 'Unauthorized')
  assert.equal(
    [answer.headers.connection, answer.headers['cache-control'], answer.headers['www-authenticate']],
    ['close', 'no-store', 'Curfew'],
  )
  assert.is(answer.headers['content-type'], 'application/problem+json')
  assert.is(JSON.parse(text).code, 'session-required')
  assert.is(text.length, Number(answer.headers['content-length']))
  await eventually(() => socket.closed)
})

test('whoever has none of the roles is refused, whoever has one is not', async () => {
  await using world = await start()
  const root = await givenSession(world.redis, world.namespace, { user: 'root', roles: ['admin'] })

  const { answer, text } = await world.refused('/admins', { origin: OURS, cookie: world.session.cookie })
  assert.is(answer.statusCode, 403)
  assert.is(JSON.parse(text).code, 'forbidden')
  assert.is(world.guard.stats().held, 0)

  const webSocket = await world.open('/admins', { origin: OURS, cookie: root.cookie })
  webSocket.send('hello')
  assert.is(await nextMessage(webSocket), 'hello, root')
})

test('only pages of ours open a socket with the cookie of a browser', async () => {
  await using world = await start()
  const { cookie } = world.session

  for (const foreign of [
    { origin: 'https://evil.example' },
    { origin: 'https://localhost' },
    { origin: 'http://localhost:81' },
    { origin: 'null' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'x-curfew': '1' },
    { 'sec-fetch-site': 'cross-site', 'x-curfew': '1' },
    {},
  ] satisfies Record<string, string>[]) {
    const { answer, text } = await world.refused('/echo', { cookie, ...foreign })
    assert.equal(
      [answer.statusCode, JSON.parse(text).code],
      [403, 'origin-not-proven'],
      JSON.stringify(foreign),
    )
  }
  assert.is(world.guard.stats().misses, 0, 'nobody was asked who is calling')

  for (const ours of [
    { origin: OURS },
    { origin: 'http://localhost:4011', 'sec-fetch-site': 'same-origin' },
    { 'x-curfew': '1' },
  ] satisfies Record<string, string>[]) {
    ;(await world.open('/echo', { cookie, ...ours })).terminate()
  }
})

test('while Redis is away a handshake is answered: try again', async () => {
  await using server = await startRedis({ appendonly: true })
  await using world = await start({ redisUrl: server.url, leaseMs: 400 })
  await server.kill()
  await eventually(() => !world.guard.stats().following)

  const { answer, text } = await world.refused('/echo', { origin: OURS, cookie: world.session.cookie })

  assert.equal([answer.statusCode, answer.headers['retry-after']], [503, '2'])
  assert.is(JSON.parse(text).code, 'store-unavailable')
})

test('a sign-off closes the socket before it is acknowledged, after a last word', async () => {
  const sockets: Duplex[] = []
  await using world = await start({ onUpgrade: (socket) => sockets.push(socket) })
  const webSocket = await world.open('/echo')
  const closed = once(webSocket, 'close')
  const destroyedByThen: Array<boolean | undefined> = []
  // Hooks run before the acknowledgement is sent.
  world.guard.onSignOff(() => void destroyedByThen.push(sockets[0]?.destroyed))

  await signOff(world.redis, world.namespace, { session: world.session.record }, 'revoked')

  const [code, reason] = await closed
  assert.equal([code, String(reason)], [4401, 'revoked'])
  assert.equal(destroyedByThen, [true])
  assert.is(world.guard.stats().held, 0)
})

test('a socket that was opened for a session which is signed off meanwhile delivers nothing', async () => {
  const callers: SocketCaller[] = []
  await using world = await start({ onUpgrade: (_socket, caller) => callers.push(caller) })
  const webSocket = await world.open('/echo')
  assert.is(callers[0]?.mayDeliver(), true)

  await signOff(world.redis, world.namespace, { userId: 'ada' })
  await once(webSocket, 'close')

  assert.is(callers[0]?.mayDeliver(), false)
  assert.is(callers[0]?.signal.aborted, true)
})

for (const how of ['destroy', 'resetAndDestroy', 'end'] as const) {
  test(`a socket that dies while it is decided is dropped, and the process lives: ${how}`, async () => {
    const deciding = deferred<Decision>()
    const decided: string[] = []
    await using world = await start({
      wrap: (guard) => ({
        ...guard,
        decide() {
          decided.push('asked')
          return deciding.promise
        },
      }),
      onUpgrade: () => decided.push('let in'),
    })
    const client = connect(world.port)
    client.write(
      `GET /echo HTTP/1.1\r\nHost: localhost\r\nOrigin: ${OURS}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    )
    await eventually(() => decided.length > 0)

    client[how]()
    const [socket] = world.sockets
    if (how === 'resetAndDestroy') await eventually(() => socket?.destroyed)
    else await once(client, how === 'end' ? 'finish' : 'close')
    deciding.resolve({ kind: 'session', session: world.session.record })

    await eventually(() => socket?.destroyed)
    if (how === 'resetAndDestroy') assert.equal(decided, ['asked'])
    await eventually(() => world.guard.stats().held === 0)
    client.destroy()
  })
}

test('any protocol can be upgraded to, with node:http alone', async () => {
  await using world = await start()
  const { cookie, record } = world.session
  const headers = { cookie, Origin: OURS, Connection: 'Upgrade', Upgrade: 'shout' }
  const asking = request({ port: world.port, path: '/shout', headers }).end()
  const socket = await upgraded(asking)

  socket.write('hello')
  const [said] = await once(socket, 'data')
  assert.is(String(said), 'HELLO')

  socket.resume()
  const ended = once(socket, 'close')
  await signOff(world.redis, world.namespace, { session: record })
  await ended
})

interface World extends AsyncDisposable {
  readonly guard: Guard
  readonly redis: Redis
  readonly namespace: string
  readonly session: GivenSession
  readonly port: number
  /** All that were ever connected. */
  readonly sockets: readonly Duplex[]
  /** Opens a WebSocket, as a page of ours in Ada's browser unless told. */
  open(path: string, headers?: Record<string, string>): Promise<WebSocket>
  /** Tries to. */
  refused(
    path: string,
    headers: Record<string, string>,
  ): Promise<{ answer: IncomingMessage; text: string; socket: Socket }>
}

interface WorldOptions extends Partial<GuardOptions> {
  readonly wrap?: (guard: Guard) => Guard
  readonly onUpgrade?: (socket: Duplex, caller: SocketCaller) => void
}

async function start({ wrap = (guard) => guard, onUpgrade, ...options }: WorldOptions = {}): Promise<World> {
  const { guard, namespace, [Symbol.asyncDispose]: closeGuard } = await givenGuard(options)
  const redis = await openRedis(options.redisUrl)
  const session = await givenSession(redis, namespace)
  const webSockets = new WebSocketServer({ noServer: true })

  const echo: UpgradeHandler = (request, socket, head, caller) => {
    onUpgrade?.(socket, caller)
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      caller.signal.addEventListener('abort', () => webSocket.close(4401, caller.signal.reason.reason))
      webSocket.on('message', (said) => {
        if (caller.mayDeliver()) webSocket.send(`${said}, ${caller.session.user.id}`)
        else webSocket.terminate()
      })
    })
  }
  const shout: UpgradeHandler = (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n')
    socket.on('data', (said) => socket.write(String(said).toUpperCase()))
  }
  const upgrades: Record<string, ReturnType<typeof requireSession>> = {
    '/echo': requireSession(wrap(guard), echo),
    '/admins': requireSession(wrap(guard), requireRole('admin', echo)),
    '/shout': requireSession(wrap(guard), shout),
  }

  const sockets: Socket[] = []
  const server = createServer()
  server.on('connection', (socket) => sockets.push(socket))
  server.on('upgrade', (request, socket, head) => upgrades[request.url ?? '']?.(request, socket, head))
  await once(server.listen(0), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('listening on no port')
  const { port } = address

  return {
    guard,
    redis,
    namespace,
    session,
    port,
    sockets,
    async open(path, headers = { origin: OURS, cookie: session.cookie }) {
      const webSocket = new WebSocket(`ws://localhost:${port}${path}`, { headers })
      await once(webSocket, 'open')
      return webSocket
    },
    async refused(path, headers) {
      const webSocket = new WebSocket(`ws://localhost:${port}${path}`, { headers })
      const answer = await refusedBy(webSocket)
      return { answer, text: await textOf(answer), socket: answer.socket }
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((closed) => server.close(closed))
      await closeGuard()
      redis.disconnect()
    },
  }
}

async function openRedis(url?: string): Promise<Redis> {
  const redis = new Redis(url ?? (await redisUrl()), { maxRetriesPerRequest: 0 })
  redis.on('error', () => 'some tests stop it')
  return redis
}

function refusedBy(webSocket: WebSocket): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    webSocket.once('unexpected-response', (_request, answer) => resolve(answer))
    webSocket.once('open', () => reject(new Error('it was opened')))
  })
}

function upgraded(asking: ClientRequest): Promise<Socket> {
  return new Promise((resolve, reject) => {
    asking.once('upgrade', (_answer, socket) => resolve(socket))
    asking.once('error', reject)
  })
}

async function nextMessage(webSocket: WebSocket): Promise<string> {
  const [message] = await once(webSocket, 'message')
  return String(message)
}

test.run()
