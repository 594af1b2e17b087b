import type { IncomingMessage } from 'node:http'

/**
 * The `Cookie` header of a request. Node makes an object of all headers when the first of them is asked for by name,
 * which takes as long as all that we do; what it has received is a list, in which one is found at once.
 */
export function cookieHeaderOf(req: Pick<IncomingMessage, 'headers' | 'rawHeaders'>): string | undefined {
  const { rawHeaders } = req
  let found: string | undefined
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name?.length !== LENGTH || name.toLowerCase() !== NAME) continue
    // Node joins several by what separates the cookies of one.
    if (found !== undefined) return req.headers.cookie
    found = rawHeaders[i + 1]
  }
  return found
}

const NAME = 'cookie'
const LENGTH = NAME.length
