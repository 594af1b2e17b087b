/** What a service answered: what was asked for, or a sentence that can be shown. */
export type Answer<Body> =
  | {
      readonly ok: true
      readonly body: Body
      /** Where to ask again, for what is not finished yet. */
      readonly location: string | null
    }
  | {
      readonly ok: false
      readonly detail: string
      /** It was asked wrongly: to ask the same again is of no use. */
      readonly isBadInput: boolean
    }

/** Asks one of the services, for 15 s at most. Never throws for what a network or a server may do. */
export async function ask<Body>(
  path: string,
  method = 'GET',
  json?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer<Body>> {
  try {
    const answer = await fetch(path, {
      method,
      headers: {
        Accept: 'application/json',
        ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      cache: 'no-store',
      signal: AbortSignal.timeout(LONGEST_MS),
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    })
    const isBadInput = answer.status === 400 || answer.status === 422
    if (!isJson(answer)) return { ok: false, detail: BROKEN, isBadInput }
    if (!answer.ok) return { ok: false, detail: detailOf(await answer.json()), isBadInput }
    return { ok: true, body: await answer.json(), location: answer.headers.get('location') }
  } catch (error) {
    if (!isNoAnswer(error)) throw error
    return { ok: false, detail: UNREACHABLE, isBadInput: false }
  }
}

const LONGEST_MS = 15_000

/** A network that is gone, an answer that was cut off, or none in time. */
const isNoAnswer = (error: unknown) =>
  error instanceof TypeError ||
  error instanceof SyntaxError ||
  (error instanceof DOMException && ENDED.has(error.name))

/** The second one while an answer is being read, in some browsers. */
const ENDED = new Set(['TimeoutError', 'AbortError'])

const isJson = (answer: Response) => /\bjson\b/.test(answer.headers.get('content-type') ?? '')

const detailOf = ({ detail }: { detail?: string }) => detail ?? BROKEN

const BROKEN = 'That did not work. Try again in a moment.'
const UNREACHABLE = 'We can’t be reached right now. Try again in a moment.'
