/** What a service answered: what was asked for, or a sentence that can be shown. */
export type Answer<Body> =
  | {
      readonly ok: true
      readonly body: Body
      /** Where to ask again, for what is not finished yet. */
      readonly location: string | null
    }
  | { readonly ok: false; readonly detail: string }

/** Asks one of the services. Never throws for what a network or a server may do. */
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
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    })
    if (!isJson(answer)) return { ok: false, detail: BROKEN }
    if (!answer.ok) return { ok: false, detail: detailOf(await answer.json()) }
    return { ok: true, body: await answer.json(), location: answer.headers.get('location') }
  } catch (error) {
    // A network that is gone, or an answer that was cut off.
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error
    return { ok: false, detail: UNREACHABLE }
  }
}

const isJson = (answer: Response) => /\bjson\b/.test(answer.headers.get('content-type') ?? '')

const detailOf = ({ detail }: { detail?: string }) => detail ?? BROKEN

const BROKEN = 'That did not work. Try again in a moment.'
const UNREACHABLE = 'We can’t be reached right now. Try again in a moment.'
