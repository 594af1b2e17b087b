import { ServiceError } from '@curfew/service'

export interface ProviderHttp {
  /**
   * Asks the provider something, and takes JSON for an answer.
   *
   * @throws {ServiceError} `provider-unavailable` when it can't be reached, is too slow or says 5xx;
   *   `provider-failed` when what it says is no JSON object or list, or larger than an answer may be
   */
  ask(url: string, request: ProviderRequest): Promise<ProviderAnswer>
  /** For libraries that want a `fetch`: the same bounds, and only for what answers 200. */
  fetchJson(url: string, init: RequestInit): Promise<Response>
}

export interface ProviderRequest {
  /** What we are after, for the log: `token`, `userinfo`, `discovery`… */
  readonly purpose: string
  readonly headers?: Readonly<Record<string, string>>
  /** Makes it a POST of a form. */
  readonly form?: Readonly<Record<string, string>>
}

export interface ProviderAnswer {
  readonly status: number
  /** An object or a list; null where the body is empty. */
  readonly json: object | null
}

export interface ProviderHttpOptions {
  /** Of a whole answer, in milliseconds. @default 5_000 */
  readonly timeoutMs?: number
}

/** Speaks to one provider. Nothing that it is sent or answers is in an error: it would be tokens. */
export function createProviderHttp(
  provider: string,
  { timeoutMs = 5_000 }: ProviderHttpOptions = {},
): ProviderHttp {
  async function ask(url: string, { purpose, headers = {}, form }: ProviderRequest): Promise<ProviderAnswer> {
    const facts = { provider, purpose, host: new URL(url).host }
    const { status, text } = await exchange(url, headers, form, facts)
    if (status >= 500) throw unavailable({ ...facts, status, reason: 'provider-unavailable' })
    return { status, json: parse(text, { ...facts, status }) }
  }

  async function exchange(
    url: string,
    headers: Readonly<Record<string, string>>,
    form: ProviderRequest['form'],
    facts: Record<string, unknown>,
  ) {
    try {
      const response = await fetch(url, {
        method: form === undefined ? 'GET' : 'POST',
        // GitHub answers a form to those who don't ask for JSON, and nothing to those without a name.
        headers: { Accept: 'application/json', 'User-Agent': 'Curfew', ...headers },
        // A redirect would carry the secret or the token to wherever it points.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
        ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
      })
      return { status: response.status, text: await boundedText(response, facts) }
    } catch (error) {
      if (error instanceof ServiceError) throw error
      throw unavailable({ ...facts, reason: reasonOf(error) }, error)
    }
  }

  return {
    ask,
    async fetchJson(url, { headers }) {
      const { status, json } = await ask(url, {
        purpose: 'keys',
        headers: Object.fromEntries(new Headers(headers).entries()),
      })
      if (status !== 200) throw failed({ provider, purpose: 'keys', status, reason: 'provider-failed' })
      return Response.json(json)
    },
  }
}

export function providerFailed(facts: Record<string, unknown>, cause?: unknown): ServiceError {
  return failed({ reason: 'provider-failed', ...facts }, cause)
}

const LARGEST_ANSWER_BYTES = 512 * 1024

async function boundedText(response: Response, facts: Record<string, unknown>): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    // Leaving the loop cancels the body, and with it the connection.
    if (bytes > LARGEST_ANSWER_BYTES) throw failed({ ...facts, reason: 'answer-too-large' })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function parse(text: string, facts: Record<string, unknown>): object | null {
  if (text.trim() === '') return null
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // The parser's message quotes the text, which may hold a token.
  }
  throw failed({ ...facts, reason: 'answer-not-json' })
}

function failed(facts: Record<string, unknown>, cause?: unknown): ServiceError {
  return new ServiceError(
    'provider-failed',
    'The provider answered something that we can’t use. Try again, or ask whoever runs this site.',
    facts,
    { cause },
  )
}

function unavailable(facts: Record<string, unknown>, cause?: unknown): ServiceError {
  return new ServiceError(
    'provider-unavailable',
    'The provider that signs you in can’t be reached right now. Try again in a moment.',
    facts,
    { cause },
  )
}

function reasonOf(error: unknown): string {
  return error instanceof Error && error.name === 'TimeoutError' ? 'provider-timeout' : 'provider-unreachable'
}
