import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'

/**
 * Listens on a host and port (0 takes any free one). `localhost` means 127.0.0.1 and ::1: which of them a
 * client tries first is the client's business, and Node alone would bind only one.
 *
 * @throws {CannotListen} with a sentence that says what to do
 */
export async function listen(handler: RequestListener, host: string, port: number): Promise<Server[]> {
  if (host !== 'localhost') return [await bind(handler, host, port)]

  const first = await bind(handler, '127.0.0.1', port)
  try {
    return [first, await bind(handler, '::1', portOf(first))]
  } catch (error) {
    // A machine without IPv6 has no ::1 to listen on.
    if (error instanceof CannotListen && error.code !== 'EADDRINUSE') return [first]
    first.close()
    throw error
  }
}

export function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string')
    throw new TypeError('the server does not listen on a port')
  return address.port
}

export class CannotListen extends Error {
  readonly code: string | undefined

  constructor(host: string, port: number, cause: NodeJS.ErrnoException) {
    const why =
      cause.code === 'EADDRINUSE'
        ? 'something else listens there. End it, or choose another PORT.'
        : `${cause.message}. Choose another HOST or PORT.`
    super(`Can't listen on ${host}:${port}: ${why}`, { cause })
    this.name = 'CannotListen'
    this.code = cause.code
  }
}

async function bind(handler: RequestListener, host: string, port: number): Promise<Server> {
  const server = createServer(
    {
      // A client that never finishes its request holds no connection for long.
      headersTimeout: 15_000,
      requestTimeout: 30_000,
      // Longer than a proxy keeps an idle connection, or it would reuse one that we are closing.
      keepAliveTimeout: 75_000,
    },
    handler,
  )
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new CannotListen(host, port, error instanceof Error ? error : new Error(String(error)))
  }
  return server
}
