import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface AskOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends a request with these headers and no others, which Node's own fetch doesn't. */
export async function ask(url: string, options: AskOptions = {}): Promise<Answer> {
  const answer = await open(url, options)
  return { status: answer.statusCode ?? 0, headers: answer.headers, text: await textOf(answer) }
}

/** The same, as soon as the headers of the answer are there. */
export function open(
  url: string,
  { method = 'GET', headers = {} }: AskOptions = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers, agent: false }, resolve).on('error', reject).end()
  })
}

/** What came until the answer ended, or its connection was cut. */
export async function textOf(answer: IncomingMessage): Promise<string> {
  let text = ''
  try {
    for await (const chunk of answer.setEncoding('utf8')) text += chunk
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ECONNRESET')) throw error
  }
  return text
}
