import { Agent, type IncomingMessage, request } from 'node:http'
import type { Answered } from '../history/entry.js'
import type { History } from '../history/history.js'
import type { Instance } from '../world/world.js'

export interface Asked {
  readonly id: string
  readonly path: string
  readonly method?: string
  readonly cookie?: string
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** It changes nothing, and is asked again where its connection was kept from before, and closed meanwhile. @default false */
  readonly isSafe?: boolean
}

export interface Answer extends Answered {
  /** The parsed body; undefined where there is none, or none in JSON. */
  readonly body: unknown
  readonly location: string | null
}

/** Longer than any fault lasts: who has no answer by then gets none. Milliseconds. */
const GIVE_UP_MS = 12_000

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })

/** Sends one request, and waits for its whole answer. Never throws: no answer is a status of 0. */
export async function ask(history: History, { url }: Pick<Instance, 'url'>, asked: Asked): Promise<Answer> {
  const start = history.now()
  try {
    const answer = await send(url, asked)
    const text = await textOf(answer)
    return {
      ...described(answer),
      id: asked.id,
      start,
      end: history.now(),
      body: parse(answer, text),
      location: answer.headers.location ?? null,
    }
  } catch (error) {
    if (asked.isSafe && error instanceof KeptConnectionClosed) return ask(history, { url }, asked)
    if (!(error instanceof Error && 'code' in error)) throw error
    return { id: asked.id, start, end: history.now(), ...NO_ANSWER, body: undefined, location: null }
  }
}

/**
 * A server closes a connection that has had nothing to do for a while, also one on which a question is just under way: a
 * client may ask again on another one (RFC 9112, section 9.3.1).
 */
class KeptConnectionClosed extends Error {
  readonly code = 'ECONNRESET'
}

export const NO_ANSWER = { status: 0, retryAfter: false, cookieDeleted: false } as const

/** Sends one request, and resolves with the head of its answer. */
export function send(url: string, asked: Asked): Promise<IncomingMessage> {
  const { id, path, method = 'GET', cookie, json, headers } = asked
  const body = json === undefined ? undefined : JSON.stringify(json)
  return new Promise((resolve, reject) => {
    const sent = request(url + path, {
      method,
      agent,
      headers: {
        Accept: 'application/json',
        // A program proves by it that it is no page of somebody else's.
        'X-Curfew': 'faults',
        'X-Correlation-Id': id,
        ...(cookie === undefined ? {} : { Cookie: cookie }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
    })
    sent.setTimeout(GIVE_UP_MS, () => sent.destroy(Object.assign(new Error('no answer'), { code: 'LATE' })))
    sent.once('error', (error: NodeJS.ErrnoException) => {
      const isClosed = sent.reusedSocket && error.code === 'ECONNRESET'
      reject(isClosed ? new KeptConnectionClosed(error.message) : error)
    })
    sent.once('response', resolve)
    sent.end(body)
  })
}

/** What an answer's head says. */
export function described({ statusCode = 0, headers }: IncomingMessage) {
  return {
    status: statusCode,
    retryAfter: headers['retry-after'] !== undefined,
    cookieDeleted: (headers['set-cookie'] ?? []).some((line) => /^curfew=;/.test(line)),
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

function parse({ headers }: IncomingMessage, text: string): unknown {
  return /json/.test(headers['content-type'] ?? '') && text !== '' ? JSON.parse(text) : undefined
}
