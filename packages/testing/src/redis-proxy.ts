import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/**
 * What goes over the wire between a client and its Redis: commands there, answers back, and on connections
 * that have subscribed messages instead of answers.
 */
export type Traffic = 'commands' | 'answers' | 'messages'

/** A way to Redis that can be held up. */
export interface RedisProxy extends AsyncDisposable {
  readonly url: string
  /** Keeps it back until it may pass: it arrives late, and nobody has hung up. */
  hold(...traffic: readonly Traffic[]): void
  /** Throws it away from now on. */
  lose(...traffic: readonly Traffic[]): void
  /** Lets it through from now on, and what was held back first. */
  pass(...traffic: readonly Traffic[]): void
  /** Breaks all connections. Clients may come back. */
  cut(): void
  /** Connections that come from now on lead to another Redis. Those that are there stay. */
  leadTo(redisUrl: string): void
  /** How many pieces it has thrown away. */
  readonly lost: number
}

type Treatment = 'pass' | 'hold' | 'lose'

export async function startRedisProxy(redisUrl: string): Promise<RedisProxy> {
  const treatments: Record<Traffic, Treatment> = { commands: 'pass', answers: 'pass', messages: 'pass' }
  const lines = new Set<Line>()
  let lost = 0
  let target = new URL(redisUrl)
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    const line = createLine(client, upstream, treatments, () => lost++)
    lines.add(line)
    upstream.once('close', () => lines.delete(line))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('listening on no port')

  function treat(traffic: readonly Traffic[], treatment: Treatment): void {
    for (const one of traffic) treatments[one] = treatment
    for (const line of lines) line.adjust()
  }

  function cut(): void {
    for (const line of lines) line.cut()
  }

  return {
    url: `redis://127.0.0.1:${address.port}`,
    hold: (...traffic) => treat(traffic, 'hold'),
    lose: (...traffic) => treat(traffic, 'lose'),
    pass: (...traffic) => treat(traffic, 'pass'),
    cut,
    leadTo(redisUrl) {
      target = new URL(redisUrl)
    },
    get lost() {
      return lost
    },
    async [Symbol.asyncDispose]() {
      cut()
      await new Promise((closed) => server.close(closed))
    },
  }
}

type Line = ReturnType<typeof createLine>

function createLine(
  client: Socket,
  upstream: Socket,
  treatments: Readonly<Record<Traffic, Treatment>>,
  onLost: () => void,
) {
  let back: Traffic = 'answers'

  client.on('data', (bytes) => {
    if (/\bsubscribe\b/i.test(bytes.toString('latin1'))) {
      back = 'messages'
      adjust()
    }
    if (treatments.commands === 'lose') onLost()
    else upstream.write(bytes)
  })
  upstream.on('data', (bytes) => {
    if (treatments[back] === 'lose') onLost()
    else client.write(bytes)
  })
  for (const socket of [client, upstream]) {
    // As on the sockets of Redis and its clients: a message does not wait until the one before was received.
    socket.setNoDelay()
    // What goes wrong ends in `close`.
    socket.on('error', () => socket.destroy())
    socket.on('close', cut)
  }
  adjust()

  /** A socket that is not read makes the other side wait, and in the end give up: as on a real network. */
  function adjust(): void {
    if (treatments.commands === 'hold') client.pause()
    else client.resume()
    if (treatments[back] === 'hold') upstream.pause()
    else upstream.resume()
  }

  function cut(): void {
    client.destroy()
    upstream.destroy()
  }

  return { adjust, cut }
}
