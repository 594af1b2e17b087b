import { type Cookie, CookieJar } from 'tough-cookie'
import { type EventStream, readEventStream } from './event-stream.js'
import type { HtmlForm } from './html.js'
import { type ApiAnswer, locationOf, type Page, readApiAnswer, readPage } from './page.js'
import { createWire } from './wire.js'

export interface Visit {
  readonly headers?: Readonly<Record<string, string>>
  /** Asked before each redirect; false stops there, and the page's `location` says where it led. Default: yes. */
  readonly follow?: (next: URL) => boolean
}

export interface PageFetch {
  readonly method?: string
  /** Sent as JSON. */
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** The page whose script this is. Default: a page of the address that is fetched. */
  readonly from?: string
}

/**
 * A browser without pictures: a cookie jar, redirects across origins, forms, event streams, and the headers
 * by which a server tells a navigation from a page's own fetch (Fetch standard, Fetch Metadata).
 * Cookies belong to a host, not to a port, and SameSite is honoured.
 */
export interface Browser extends AsyncDisposable {
  /** Where the last navigation ended. */
  readonly page: Page | null
  readonly jar: CookieJar
  /** What the jar would send to `path`, by name. */
  cookies(path?: string): Promise<Readonly<Record<string, string>>>
  /** Puts a cookie in, as `Set-Cookie` writes it. */
  setCookie(cookie: string, path?: string): Promise<void>
  /** Types an address into the address bar. */
  get(path: string, visit?: Visit): Promise<Page>
  /** Follows a link of the current page. */
  click(path: string, visit?: Visit): Promise<Page>
  /** Sends a form of the current page, or of `from`, that is not written in its HTML. */
  post(
    path: string,
    fields: Readonly<Record<string, string>>,
    visit?: Visit & { from?: string },
  ): Promise<Page>
  /**
   * Fills in a form of the current page and sends it: the first whose action contains `action`, or else
   * the first that has all the `fields`.
   */
  submitForm(fields?: Readonly<Record<string, string>>, visit?: Visit & { action?: string }): Promise<Page>
  /** What a script's `fetch` with credentials does. */
  fetchApi(path: string, options?: PageFetch): Promise<ApiAnswer>
  /** What a script's EventSource does, without reconnecting by itself. */
  stream(path: string, options?: { lastEventId?: string; from?: string }): Promise<EventStream>
}

const MOST_REDIRECTS = 20

export function createBrowser(baseUrl: string | URL): Browser {
  const jar = new CookieJar()
  const wire = createWire(jar)
  let page: Page | null = null

  const absolute = (path: string) => new URL(path, page?.url ?? baseUrl)

  async function navigate(
    target: URL,
    initiator: URL | null,
    form: HtmlForm | null,
    visit: Visit,
  ): Promise<Page> {
    const visited = [target]
    let method = form?.method ?? 'GET'
    let body = form === null || method === 'GET' ? undefined : new URLSearchParams(form.fields).toString()
    for (;;) {
      const answer = await wire.send({
        kind: 'navigation',
        method,
        visited,
        initiator,
        headers: {
          Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
          ...(body === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' }),
          ...visit.headers,
        },
        body,
      })
      const next = locationOf(answer, visited.at(-1) ?? target)
      if (next === null || !(visit.follow?.(next) ?? true)) {
        page = await readPage(answer, visited)
        return page
      }
      answer.resume()
      if (visited.push(next) > MOST_REDIRECTS) throw new Error(`too many redirects: ${visited.join(' → ')}`)
      // RFC 9110 section 15.4: only 307 and 308 keep the method.
      if (answer.statusCode !== 307 && answer.statusCode !== 308) {
        method = 'GET'
        body = undefined
      }
    }
  }

  async function post(
    path: string,
    fields: Readonly<Record<string, string>>,
    visit: Visit & { from?: string } = {},
  ) {
    const initiator = new URL(visit.from ?? page?.url ?? baseUrl)
    return navigate(absolute(path), initiator, { action: path, method: 'POST', fields }, visit)
  }

  return {
    get page() {
      return page
    },
    jar,
    async cookies(path = '/') {
      const found: Cookie[] = await jar.getCookies(absolute(path).href)
      return Object.fromEntries(found.map(({ key, value }) => [key, value]))
    },
    async setCookie(cookie, path = '/') {
      await jar.setCookie(cookie, absolute(path).href)
    },
    get: (path, visit = {}) => navigate(new URL(path, baseUrl), null, null, visit),
    click: (path, visit = {}) => navigate(absolute(path), page?.url ?? null, null, visit),
    post,
    async submitForm(fields = {}, visit = {}) {
      if (page === null) throw new TypeError('there is no page to send a form of')
      const form = findForm(page, fields, visit.action)
      const filled = { ...form.fields, ...fields }
      const target = new URL(form.action, page.url)
      if (form.method === 'GET') target.search = new URLSearchParams(filled).toString()
      return navigate(target, page.url, { ...form, fields: filled }, visit)
    },
    async fetchApi(path, { method = 'GET', json, headers = {}, from } = {}) {
      const target = new URL(path, baseUrl)
      const answer = await wire.send({
        kind: 'fetch',
        method,
        visited: [target],
        initiator: from === undefined ? target : new URL(from),
        headers: {
          Accept: 'application/json',
          ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...headers,
        },
        body: json === undefined ? undefined : JSON.stringify(json),
      })
      return readApiAnswer(answer)
    },
    async stream(path, { lastEventId, from } = {}) {
      const target = new URL(path, baseUrl)
      const answer = await wire.send({
        kind: 'fetch',
        method: 'GET',
        visited: [target],
        initiator: from === undefined ? target : new URL(from),
        headers: {
          Accept: 'text/event-stream',
          'Cache-Control': 'no-cache',
          ...(lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }),
        },
        body: undefined,
      })
      return readEventStream(answer)
    },
    async [Symbol.asyncDispose]() {
      wire.close()
    },
  }
}

function findForm(page: Page, fields: Readonly<Record<string, string>>, action?: string): HtmlForm {
  const fits = (form: HtmlForm) =>
    action === undefined
      ? Object.keys(fields).every((name) => name in form.fields)
      : form.action.includes(action)
  const form = page.forms.find(fits)
  if (form !== undefined) return form
  const there = page.forms.map((form) => `${form.method} ${form.action} (${Object.keys(form.fields)})`)
  throw new Error(`${page.url} (${page.status}) has no such form, only: ${there.join('; ') || 'none'}`)
}
