import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { json } from 'node:stream/consumers'
import { z } from 'zod'

/** Signs off over HTTP, as a person's page does. */
export interface SignOffClient {
  /** @throws when it is not confirmed */
  signOff(cookie: string, scope: 'session' | 'user'): Promise<SignedOff>
}

export interface SignedOff {
  /** From the decision until it was confirmed, as the receipt says. Milliseconds, to a tenth. */
  readonly tookMs: number
  /** From sending the request until the receipt was here. Milliseconds. */
  readonly waitedMs: number
  readonly sessions: number
  /** How many instances have applied it, or can't serve from memory any more. */
  readonly instances: number
}

const Receipt = z.object({
  confirmed: z.literal(true),
  tookMs: z.number(),
  sessions: z.number(),
  instances: z.array(z.unknown()),
})

export function createSignOffClient(identityUrl: string): SignOffClient {
  const url = new URL('/auth/logout', identityUrl)
  const agent = new Agent({ keepAlive: true })

  return {
    async signOff(cookie, scope) {
      const body = JSON.stringify({ scope })
      const startedAt = performance.now()
      const sent = request(url, {
        method: 'POST',
        agent,
        headers: {
          Cookie: cookie,
          'X-Curfew': '1',
          Accept: 'application/json',
          'Content-Type': 'application/json',
        },
      })
      sent.end(body)
      const [answer]: IncomingMessage[] = await once(sent, 'response')
      if (answer === undefined) throw new TypeError('a response event without a response')
      const receipt = await json(answer)
      const waitedMs = performance.now() - startedAt
      const { tookMs, sessions, instances } = Receipt.parse(receipt)
      return { tookMs, waitedMs, sessions, instances: instances.length }
    },
  }
}
