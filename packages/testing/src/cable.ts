import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket, connect as tcp } from 'node:net'

/** A TCP connection to Redis through this process, to be cut or frozen as networks do it. */
export interface Cable extends AsyncDisposable {
  /** What to connect to in place of the server. */
  readonly url: string
  /** From now on nothing passes, in either direction, of the connections that are open; they stay open. */
  freeze(which?: 'all' | 'listening'): void
  /** What is frozen passes again, with all that waited. */
  thaw(): void
  /** Ends every connection, and refuses new ones until it is mended. */
  cut(): void
  mend(): void
}

interface Connection {
  readonly ends: readonly [Socket, Socket]
  /** It has subscribed to something. */
  listens: boolean
}

export async function startCable(redisUrl: string): Promise<Cable> {
  const { hostname, port } = new URL(redisUrl)
  const connections = new Set<Connection>()
  let isCut = false

  const server = createServer((client) => {
    if (isCut) return client.destroy()
    const upstream = tcp(Number(port), hostname)
    const connection: Connection = { ends: [client, upstream], listens: false }
    connections.add(connection)
    client.on('data', (data) => {
      if (data.toString('latin1').toLowerCase().includes('subscribe')) connection.listens = true
    })
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        to.destroy()
        connections.delete(connection)
      })
    }
    return
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (!isAddressInfo(address)) throw new TypeError('not listening on a port')

  function end(): void {
    for (const { ends } of connections) for (const socket of ends) socket.destroy()
  }

  return {
    url: `redis://127.0.0.1:${address.port}`,
    freeze(which = 'all') {
      for (const { ends, listens } of connections) {
        if (which === 'all' || listens) for (const socket of ends) socket.unpipe().pause()
      }
    },
    thaw() {
      for (const {
        ends: [client, upstream],
      } of connections) {
        client.pipe(upstream)
        upstream.pipe(client)
      }
    },
    cut() {
      isCut = true
      end()
    },
    mend() {
      isCut = false
    },
    async [Symbol.asyncDispose]() {
      end()
      server.close()
      await once(server, 'close')
    },
  }
}

function isAddressInfo(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}
