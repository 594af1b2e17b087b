/**
 * The name of the session cookie.
 *
 * Over https it carries the `__Host-` prefix, which makes browsers refuse one that was planted by a
 * subdomain or over plain http (RFC 6265bis section 4.1.3.2). Plain http exists on localhost only.
 */
export function sessionCookieName(publicUrl: URL): string {
  return publicUrl.protocol === 'https:' ? '__Host-curfew' : 'curfew'
}

/**
 * The value of the cookie called `name` in a `Cookie` header, or undefined.
 *
 * A scan, not a parse: this runs for every request, and allocates nothing but the answer. Of several
 * cookies with the name the first counts (RFC 6265 section 5.4 puts the most specific path first).
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined
  let start = 0
  while (start < header.length) {
    let end = header.indexOf(';', start)
    if (end === -1) end = header.length
    while (header.charCodeAt(start) === SPACE) start++
    if (header.charCodeAt(start + name.length) === EQUALS && header.startsWith(name, start)) {
      return header.slice(start + name.length + 1, end).trimEnd()
    }
    start = end + 1
  }
  return undefined
}

const SPACE = 0x20
const EQUALS = 0x3d
