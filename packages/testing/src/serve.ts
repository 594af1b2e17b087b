import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'

export interface Served extends AsyncDisposable {
  /** `http://localhost:<port>`, without a slash at the end. */
  readonly url: string
  readonly port: number
}

/** Serves `listener` on a free port of localhost (both families) for the length of a test. */
export async function serve(listener: RequestListener): Promise<Served> {
  const server = createServer(listener).listen(0)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('listening on no port')

  return {
    url: `http://localhost:${address.port}`,
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}
