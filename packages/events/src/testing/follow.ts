import { eventually, type GivenSession } from '@curfew/testing'
import { browserOf } from './given-events.js'

/** Follows the stream like a browser: comes back whenever it ends, with the last id it has seen. */
export function follow(url: () => string, { cookie }: GivenSession) {
  const seen: string[] = []
  let lastEventId: string | undefined
  let connections = 0
  let stopped = false
  let leave = () => {}

  const done = (async () => {
    while (!stopped) {
      try {
        await using browser = await browserOf({ url: url() }, { cookie })
        await using stream = await browser.stream(
          '/events/stream',
          lastEventId === undefined ? {} : { lastEventId },
        )
        leave = () => stream.close()
        for await (const { id, event, data } of stream) {
          lastEventId = id
          if (event === 'begin') connections++
          if (event === 'log') seen.push(JSON.parse(data).id)
        }
      } catch (error) {
        if (!isConnectionError(error)) throw error
      }
      await eventually(async () => (await fetch(`${url()}/healthz`)).ok, { within: 20_000 })
    }
  })()

  return {
    seen,
    get connections() {
      return connections
    },
    /** Drops the connection from the viewer's side. */
    drop: () => leave(),
    async stop() {
      stopped = true
      leave()
      await done
    },
  }
}

function isConnectionError(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['ECONNREFUSED', 'ECONNRESET'].includes(String(error.code))
  )
}
