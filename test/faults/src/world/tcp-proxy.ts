import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { createPipe, type Pipe } from './pipe.js'

/** What a connection turned out to be for, from what its client said first. */
export type ConnectionKind = 'commands' | 'subscriber' | 'replica' | 'sentinel'

/** Where bytes go: towards the server, or back. */
export type Direction = 'there' | 'back'

/** What happens to the bytes of some connections. Everything that is left out applies to all. */
export interface Disturbance {
  readonly kinds?: readonly ConnectionKind[]
  readonly direction?: Direction
  /** Held back until it is over, and then delivered, as a network does that comes back. */
  readonly freeze?: boolean
  /** Gone for good, while the connection stays: no network does that, but a bug may. */
  readonly lose?: boolean
  /** Delivered so much later, in order. Milliseconds. */
  readonly delayMs?: number
  /** New connections are closed at once. */
  readonly refuse?: boolean
}

/**
 * Stands between one process and its Redis, or before one Redis, so that a fault of the network hits that alone.
 * What it holds back is delivered when the disturbance is over, also when the client has hung up meanwhile:
 * a command that was stuck arrives late, and long after its sender gave it up.
 */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number
  /** From now on these, and no others. */
  disturb(...disturbances: readonly Disturbance[]): void
  /** Ends them; what was held back flows. */
  heal(): void
  /** Breaks the connections of these kinds, and loses what is under way in them. Returns how many. */
  cut(kinds?: readonly ConnectionKind[]): number
  readonly connections: number
}

interface Connection {
  kind: ConnectionKind
  readonly pipes: Readonly<Record<Direction, Pipe>>
  destroy(): void
}

export async function createTcpProxy(targetPort: number, port = 0): Promise<TcpProxy> {
  const open = new Set<Connection>()
  let disturbances: readonly Disturbance[] = []

  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (disturbances.some(({ refuse }) => refuse)) {
      client.destroy()
      return
    }
    const upstream = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true })
    let looks = 0
    // Before the bytes are passed on: what gives it away may be what must not arrive.
    client.on('data', (bytes: Buffer) => {
      const kind = looks++ < MOST_LOOKS ? kindOf(bytes) : null
      if (kind === null || kind === connection.kind) return
      connection.kind = kind
      adjust(connection)
    })
    const connection: Connection = {
      kind: 'commands',
      pipes: { there: createPipe(client, upstream), back: createPipe(upstream, client) },
      destroy() {
        client.destroy()
        upstream.destroy()
      },
    }
    open.add(connection)
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true)
      // `close` follows, and is what the other side hears of it.
      socket.on('error', () => undefined)
      socket.on('close', () => {
        if (client.closed && upstream.closed) open.delete(connection)
      })
    }
    adjust(connection)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')

  function adjust({ kind, pipes }: Connection): void {
    for (const way of ['there', 'back'] as const) {
      const felt = disturbances.filter(
        ({ kinds, direction = way }) => direction === way && (kinds?.includes(kind) ?? true),
      )
      pipes[way].set({
        isFrozen: felt.some(({ freeze }) => freeze),
        isLost: felt.some(({ lose }) => lose),
        delayMs: Math.max(0, ...felt.map(({ delayMs = 0 }) => delayMs)),
      })
    }
  }

  function cut(kinds?: readonly ConnectionKind[]): number {
    const hit = [...open].filter(({ kind }) => kinds?.includes(kind) ?? true)
    for (const connection of hit) connection.destroy()
    return hit.length
  }

  return {
    port: portOf(server.address()),
    disturb(...wanted) {
      disturbances = wanted
      for (const connection of open) adjust(connection)
    },
    heal() {
      disturbances = []
      for (const connection of open) adjust(connection)
    },
    cut,
    get connections() {
      return open.size
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      cut()
      await closed
    },
  }
}

/** Whoever subscribes does so soon. */
const MOST_LOOKS = 20

/** Redis' own wire words: enough to tell who is talking. */
function kindOf(bytes: Buffer): ConnectionKind | null {
  const said = bytes.toString('latin1').toUpperCase()
  if (said.includes('\nSENTINEL-')) return 'sentinel'
  if (said.includes('\nREPLCONF\r') || said.includes('\nPSYNC\r')) return 'replica'
  if (said.includes('\nSUBSCRIBE\r')) return 'subscriber'
  return null
}

function portOf(address: ReturnType<Socket['address']> | string | null): number {
  if (address === null || typeof address === 'string' || !('port' in address)) {
    throw new TypeError('the proxy listens on no port')
  }
  return address.port
}
