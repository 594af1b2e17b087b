import type { Asked } from './navigation.js'
import type { Refusal } from './refusal.js'

/** What a request of the Fetch API asks for. Its URL is whole: behind a proxy only the path counts. */
export function askedOf({ method, url, headers }: Request): Asked {
  const { pathname, search } = new URL(url)
  return {
    method,
    target: pathname + search,
    accept: headers.get('accept') ?? undefined,
    fetchMode: headers.get('sec-fetch-mode') ?? undefined,
  }
}

export function responseOf({ status, headers, contentType, body }: Refusal): Response {
  return new Response(body, { status, headers: { ...headers, 'Content-Type': contentType } })
}
