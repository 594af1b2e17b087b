import type { IncomingMessage } from 'node:http'
import { formsOf, type HtmlForm } from './html.js'

/** Where a navigation ended. */
export interface Page {
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly forms: readonly HtmlForm[]
  /** Every address on the way, the one of this page last. */
  readonly visited: readonly URL[]
  /** The next address, where the navigation was told not to follow it. */
  readonly location: URL | null
}

/** What a page's own `fetch` got. */
export interface ApiAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed body where it says that it is JSON, otherwise undefined. */
  readonly body: unknown
}

export async function readPage(answer: IncomingMessage, visited: readonly URL[]): Promise<Page> {
  const url = visited.at(-1)
  if (url === undefined) throw new TypeError('a page without an address')
  const headers = headersOf(answer)
  const text = await textOf(answer)
  return {
    url,
    status: answer.statusCode ?? 0,
    headers,
    text,
    forms: isHtml(headers) ? formsOf(text) : [],
    visited,
    location: locationOf(answer, url),
  }
}

export async function readApiAnswer(answer: IncomingMessage): Promise<ApiAnswer> {
  const headers = headersOf(answer)
  const text = await textOf(answer)
  const body: unknown = isJson(headers) && text !== '' ? JSON.parse(text) : undefined
  return { status: answer.statusCode ?? 0, headers, text, body }
}

/** Where a redirect leads, or null when it is none. */
export function locationOf(answer: IncomingMessage, from: URL): URL | null {
  const { location } = answer.headers
  const redirects = [301, 302, 303, 307, 308].includes(answer.statusCode ?? 0)
  return redirects && location !== undefined ? new URL(location, from) : null
}

export function headersOf(answer: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, values] of Object.entries(answer.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  return headers
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

function isHtml(headers: Headers): boolean {
  return headers.get('content-type')?.startsWith('text/html') ?? false
}

function isJson(headers: Headers): boolean {
  return /^application\/(?:[\w.-]+\+)?json/.test(headers.get('content-type') ?? '')
}
