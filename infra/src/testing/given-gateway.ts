import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { json, text } from 'node:stream/consumers'
import type { Log } from '@curfew/service'
import { deferred, freePort } from '@curfew/testing'
import Koa from 'koa'
import { createGateway } from '../gateway/gateway.js'
import { listen, type Opened } from './listen.js'

/** A gateway in front of small real services, which answer with what arrived. */
export async function givenGateway({ projects = ['projects-1', 'projects-2'] } = {}) {
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

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

export interface Echo {
  readonly service: string
  readonly method: string
  readonly bytes: number
  readonly headers: Readonly<Record<string, string | undefined>>
}

export const echoOf = async (answer: IncomingMessage): Promise<Echo> => {
  const body: unknown = await json(answer)
  if (!isEcho(body)) throw new TypeError(`not an echo: ${JSON.stringify(body)}`)
  return body
}

const isEcho = (body: unknown): body is Echo => typeof body === 'object' && body !== null && 'service' in body
