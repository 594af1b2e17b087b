const LONGEST = 2_000

/** As often as this, something between the browser and a service may decode a path. */
const MOST_DECODINGS = 3

/**
 * Where to lead the browser after a login: a path of ours, or `/`.
 *
 * An address that anybody may put into a link decides where people land after they typed their password.
 * So only a path counts, and only one that nobody on its way could read as another origin: not `//host`,
 * also not after dots are resolved; nothing with a backslash (browsers take it for a slash); no control
 * characters (browsers drop them); neither plain nor encoded several times over. And not a login, which
 * would begin again for ever.
 *
 * @see RFC 9700 section 4.11
 */
export function safeReturnTo(value: unknown, publicUrl: URL): string {
  if (typeof value !== 'string' || !value.startsWith('/') || UNFIT.test(value)) return '/'
  if (!URL.canParse(value, publicUrl.href)) return '/'

  const url = new URL(value, publicUrl)
  const path = `${url.pathname}${url.search}${url.hash}`
  if (url.origin !== publicUrl.origin || path.length > LONGEST) return '/'
  return decodings(url.pathname).every((form) => isOurs(form, publicUrl)) ? path : '/'
}

/** A backslash, or a control character: no address of ours holds one. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNFIT = /[\\\u0000-\u001f\u007f]/

/** Leading there would begin or finish another login. */
const LOGIN = /^\/+auth\/+(login|callback)(\/|$)/i

function isOurs(path: string, publicUrl: URL): boolean {
  if (path.startsWith('//') || UNFIT.test(path) || !URL.canParse(path, publicUrl.href)) return false
  const { origin, pathname } = new URL(path, publicUrl)
  return origin === publicUrl.origin && !pathname.startsWith('//') && !LOGIN.test(pathname)
}

/** The path, and what becomes of it each time that somebody decodes it. */
function decodings(path: string): string[] {
  const forms = [path]
  for (let form = path; forms.length <= MOST_DECODINGS; forms.push(form)) {
    const next = decoded(form)
    if (next === form) return forms
    form = next
  }
  return forms
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // What can't be decoded is not decoded by anybody else either.
    return text
  }
}
