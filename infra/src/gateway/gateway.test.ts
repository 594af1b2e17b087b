import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  request,
  type ServerResponse,
} from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { json, text } from 'node:stream/consumers'
import type { Log } from '@curfew/service'
import { deferred, eventually, freePort, rejects } from '@curfew/testing'
import Koa from 'koa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createGateway } from './gateway.js'

const test = suite('gateway')

test('one domain leads to every service, and what no service owns to identity', async () => {
  await using world = await openWorld()

  const answers = await Promise.all(
    ['/', '/auth/session', '/projects', '/events', '/console', '/nowhere'].map((path) => world.get(path)),
  )

  assert.equal(await Promise.all(answers.map(async (answer) => (await echoOf(answer)).service)), [
    'identity',
    'identity',
    'projects-1',
    'events',
    'events',
    'identity',
  ])
})

test('projects are served in turns', async () => {
  await using world = await openWorld()

  const served: string[] = []
  for (let i = 0; i < 4; i++) served.push((await echoOf(await world.get('/projects'))).service)

  assert.equal(served, ['projects-1', 'projects-2', 'projects-1', 'projects-2'])
})

test('closed paths are not found, and no way of writing them reaches a service', async () => {
  await using world = await openWorld()
  const attacks = [
    '/metrics',
    '/auth/introspect/',
    '/%6detrics',
    '/auth/../metrics',
    '//metrics',
    '/auth%2ftoken',
  ]

  const answers = await Promise.all(attacks.map((path) => world.get(path)))

  assert.equal(
    answers.map((answer) => answer.statusCode),
    [404, 404, 404, 400, 400, 400],
  )
  for (const answer of answers) assert.is(answer.headers['content-type'], 'application/problem+json')
  assert.equal(world.requests, [])
})

test('what is no path is a bad request, and not a mistake of ours', async () => {
  await using world = await openWorld()

  for (const target of ['http://[::1', 'http://localhost/projects', '//a@[::1#', '*']) {
    const answer = await world.send('OPTIONS', target)
    assert.is(answer.statusCode, 400, target)
    assert.is(answer.headers['content-type'], 'application/problem+json')
  }
  assert.equal(world.requests, [])
})

test('what a caller says about itself is replaced by what the gateway saw', async () => {
  await using world = await openWorld()

  const { headers } = await echoOf(
    await world.get('/auth/session', {
      Cookie: 'curfew=abc',
      Forwarded: 'for=6.6.6.6',
      'X-Forwarded-For': '6.6.6.6',
      'X-Forwarded-Host': 'evil.example',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Port': '443',
      'X-Real-Ip': '6.6.6.6',
      'X-Curfew': '1',
      'X-Curfew-User': 'admin',
      'X-Curfew-User-Roles': 'admin',
      Connection: 'keep-alive, X-Forwarded-For',
    }),
  )

  assert.match(headers['x-forwarded-for'] ?? '', /^(127\.0\.0\.1|::1|::ffff:127\.0\.0\.1)$/)
  assert.is(headers['x-forwarded-host'], world.host)
  assert.is(headers['x-forwarded-proto'], 'http')
  assert.is(headers['host'], world.host)
  assert.is(headers['cookie'], 'curfew=abc')
  assert.is(headers['x-curfew'], '1')
  for (const name of ['forwarded', 'x-forwarded-port', 'x-real-ip', 'x-curfew-user', 'x-curfew-user-roles']) {
    assert.is(headers[name], undefined, name)
  }
  assert.not.match(headers['connection'] ?? '', /forwarded/)
})

test('a service hears the correlation id that the caller is told', async () => {
  await using world = await openWorld()

  const answer = await world.get('/auth/session')

  assert.is((await echoOf(answer)).headers['x-correlation-id'], answer.headers['x-correlation-id'])
})

test('a body arrives whole, with any method', async () => {
  await using world = await openWorld()
  const body = 'x'.repeat(300_000)

  const echoes = await Promise.all(
    ['POST', 'PUT', 'DELETE'].map(async (method) => echoOf(await world.send(method, '/projects', body))),
  )

  assert.equal(
    echoes.map(({ method, bytes }) => [method, bytes]),
    [
      ['POST', 300_000],
      ['PUT', 300_000],
      ['DELETE', 300_000],
    ],
  )
})

test('an event stream is open before its first event, and each event passes when it is sent', async () => {
  await using world = await openWorld()

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
  await using world = await openWorld()
  const answer = await world.get('/events/stream')
  const upstream = await world.streams.promise
  const closed = once(upstream, 'close')

  answer.destroy()

  await closed
  assert.not.ok(upstream.writableFinished)
})

test('a stream that the service ends is ended for the browser', async () => {
  await using world = await openWorld()
  const answer = await world.get('/events/stream')
  const upstream = await world.streams.promise

  upstream.end('data: last\n\n')

  assert.is(await text(answer), 'data: last\n\n')
})

test('a service that dies in the middle of an answer cuts it off, and does not make it look whole', async () => {
  await using world = await openWorld()
  const answer = await world.get('/events/stream')
  const upstream = await world.streams.promise

  upstream.destroy()

  await rejects(text(answer), 'ECONNRESET')
  assert.not.ok(answer.complete)
})

test('an instance that refuses connections is skipped, also for what has effects', async () => {
  await using world = await openWorld({ projects: ['down', 'projects-2'] })

  const echoes = []
  for (let i = 0; i < 4; i++) echoes.push(await echoOf(await world.send('POST', '/projects', 'a project')))

  for (const { service, bytes } of echoes) assert.equal([service, bytes], ['projects-2', 9])
  assert.is(world.requests.length, 4)
})

test('what an instance may have done is not done again by another', async () => {
  await using world = await openWorld()

  const answer = await world.send('POST', '/projects/dies', 'a project')

  assert.is(answer.statusCode, 503)
  assert.equal(world.requests, ['POST /projects/dies'])
})

test('a service that is down is a problem for programs, with the time to wait', async () => {
  await using world = await openWorld({ projects: ['down', 'down'] })

  const answer = await world.get('/projects', { Accept: 'application/json' })

  assert.is(answer.statusCode, 503)
  assert.is(answer.headers['retry-after'], '2')
  assert.is(answer.headers['content-type'], 'application/problem+json')
  assert.match(await text(answer), /"code":"unavailable"/)
})

test('a service that is down is a readable page for a person', async () => {
  await using world = await openWorld({ projects: ['down', 'down'] })

  const answer = await world.get('/projects', { Accept: 'text/html' })
  const page = await text(answer)

  assert.is(answer.statusCode, 503)
  assert.match(answer.headers['content-type'] ?? '', /^text\/html/)
  assert.match(String(answer.headers['content-security-policy']), /default-src 'none'/)
  assert.match(page, /Nobody was signed out/)
  const [, stylesheet = ''] = page.match(/href="([^"]+\.css)"/) ?? []
  assert.is((await world.get(stylesheet)).statusCode, 200, 'its stylesheet does not need the services')
})

test('the headers of a service are its own', async () => {
  await using world = await openWorld()

  const { headers } = await world.get('/auth/session')

  assert.is(headers['content-security-policy'], undefined)
  assert.equal(headers['set-cookie'], ['a=1', 'b=2'])
})

test('a WebSocket passes, both ways', async () => {
  await using world = await openWorld()
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
  await using world = await openWorld()
  const socket = connect(Number(world.host.split(':')[1]), 'localhost')

  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')

  assert.match(await text(socket), /^HTTP\/1.1 404 /)
  assert.equal(world.requests, [])
})

test('a connection that is reset in the middle of an upgrade harms nobody else', async () => {
  await using world = await openWorld({ projects: ['down', 'down'] })
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

interface Echo {
  readonly service: string
  readonly method: string
  readonly bytes: number
  readonly headers: Readonly<Record<string, string | undefined>>
}

const echoOf = async (answer: IncomingMessage): Promise<Echo> => {
  const body: unknown = await json(answer)
  if (!isEcho(body)) throw new TypeError(`not an echo: ${JSON.stringify(body)}`)
  return body
}

const isEcho = (body: unknown): body is Echo => typeof body === 'object' && body !== null && 'service' in body

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** A gateway in front of small real services, which answer with what arrived. */
async function openWorld({ projects = ['projects-1', 'projects-2'] } = {}) {
  const opened: Opened[] = []
  const requests: string[] = []
  const streams = deferred<ServerResponse>()

  async function open(name: string): Promise<URL> {
    if (name === 'down') return new URL(`http://localhost:${await freePort()}`)
    const service = new Koa()
    service.use(async function echo(ctx) {
      requests.push(`${ctx.method} ${ctx.path}`)
      if (ctx.path === '/projects/dies') return void ctx.req.socket.destroy()
      if (ctx.path === '/events/stream') {
        ctx.respond = false
        ctx.res.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
        return streams.resolve(ctx.res)
      }
      const { length } = await text(ctx.req)
      ctx.set('Set-Cookie', ['a=1', 'b=2'])
      ctx.body = { service: name, method: ctx.method, bytes: length, headers: ctx.headers }
    })
    const server = await listen(service.callback(), (req, socket) => {
      requests.push(`UPGRADE ${req.url}`)
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
      socket.pipe(socket)
    })
    opened.push(server)
    return new URL(`http://localhost:${server.port}`)
  }

  const { app, upgrade } = createGateway({
    instances: {
      identity: [await open('identity')],
      projects: await Promise.all(projects.map(open)),
      events: [await open('events')],
    },
    publicUrl: new URL('http://localhost:4000'),
    log: silent,
  })
  app.silent = true // a browser that goes away is an error to Koa
  const gateway = await listen(app.callback(), upgrade)
  opened.push(gateway)

  async function send(method: string, path: string, body = '', headers: Record<string, string> = {}) {
    const sending = request({
      host: 'localhost',
      port: gateway.port,
      method,
      path,
      headers: { ...headers, 'Content-Length': String(body.length) },
    })
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      sending.once('response', resolve).once('error', reject)
    })
    sending.end(body)
    return answer
  }
  return {
    host: `localhost:${gateway.port}`,
    requests,
    /** How many the gateway holds to its callers. */
    connections: gateway.connections,
    /** The first stream that a service opened. */
    streams,
    send,
    get: (path: string, headers?: Record<string, string>) => send('GET', path, undefined, headers),
    async [Symbol.asyncDispose]() {
      for (const server of opened.toReversed()) await server.close()
    },
  }
}

interface Opened {
  readonly port: number
  readonly connections: () => number
  close(): Promise<void>
}

/** `serve` of @curfew/testing, with upgrades. */
async function listen(
  listener: RequestListener,
  onUpgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => void,
): Promise<Opened> {
  const sockets = new Set<Duplex>()
  const server = createServer(listener).listen(0)
  server.on('connection', (socket: Duplex) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('upgrade', onUpgrade)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('listening on no port')
  return {
    port: address.port,
    connections: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((closed) => server.close(closed))
    },
  }
}

test.run()
