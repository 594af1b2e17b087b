const LONGEST = 2_000

/**
 * Where to lead the browser after a login: a path of ours, or `/`.
 *
 * An address that anybody may put into a link decides where people land after they typed their password.
 * So only a path counts, and only one that no browser could read as another origin: not `//host`, nothing
 * with a backslash (browsers take it for a slash), no control characters (browsers drop them), neither
 * plain nor encoded once or twice.
 *
 * @see RFC 9700 section 4.11
 */
export function safeReturnTo(value: unknown, publicUrl: URL): string {
  if (typeof value !== 'string' || value.length > LONGEST || !isPlainPath(value)) return '/'
  if (!URL.canParse(value, publicUrl.href)) return '/'
  const url = new URL(value, publicUrl)
  if (url.origin !== publicUrl.origin || url.username !== '' || url.password !== '') return '/'
  if (LOOPS.test(url.pathname)) return '/'

  const path = `${url.pathname}${url.search}${url.hash}`
  return isPlainPath(path) ? path : '/'
}

/** Leading there would begin or finish another login. */
const LOOPS = /^\/auth\/(login|callback)(\/|$)/i

function isPlainPath(value: string): boolean {
  const path = value.split(/[?#]/, 1)[0] ?? ''
  return (
    [path, decoded(path), decoded(decoded(path))].every(
      (form) => form.startsWith('/') && !form.startsWith('//') && !form.includes('\\'),
    ) &&
    !hasControlCharacters(value) &&
    !hasControlCharacters(decoded(value))
  )
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // What can't be decoded is not decoded by anybody else either.
    return text
  }
}

function hasControlCharacters(text: string): boolean {
  return [...text].some((character) => character <= '\u001f' || character === '\u007f')
}
