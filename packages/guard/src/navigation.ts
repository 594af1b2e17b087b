import type { IncomingMessage } from 'node:http'

/** What of a request tells a person who opens a page from a program that fetches something. */
export interface Asked {
  readonly method: string
  /** Path and query, as the caller sent them: where a person wants to be after signing in. */
  readonly target: string
  /** The headers `Accept` and `Sec-Fetch-Mode`. */
  readonly accept: string | undefined
  readonly fetchMode: string | undefined
}

/** As node:http has it. Frameworks know better which target it was before they cut it for a router. */
export function askedIn(request: IncomingMessage, target: string): Asked {
  const { method = '', headers } = request
  return { method, target, accept: headers.accept, fetchMode: headerOf(request, 'sec-fetch-mode') }
}

/** node:http joins the values of a header, whatever its types say. */
export function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name]
  return value && String(value)
}

/** A person who opens a page. */
export function isNavigation({ method, accept, fetchMode = '' }: Asked): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  if (fetchMode !== '' && fetchMode !== 'navigate') return false
  return prefersHtml(accept)
}

/** Whether HTML is rather wanted than JSON (RFC 9110 section 12.5.1). In doubt it is not. */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined) return false
  const ranges = accept.split(',').map(parseRange)
  const html = weigh(ranges, 'text', 'html')
  const json = weigh(ranges, 'application', 'json')
  if (html.quality === 0) return false
  if (html.quality !== json.quality) return html.quality > json.quality
  if (html.precision !== json.precision) return html.precision > json.precision
  return html.place < json.place
}

interface MediaRange {
  readonly type: string
  readonly subtype: string
  readonly quality: number
  /** Ranges with parameters, `text/html;level=1`, ask for something that we don't have. */
  readonly isPlain: boolean
}

function parseRange(text: string): MediaRange {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const [type = '', subtype = ''] = range.split('/')
  const weight = parameters.findIndex((parameter) => parameter.startsWith('q='))
  const quality = weight === -1 ? 1 : Number(parameters[weight]?.slice(2))
  return { type, subtype, quality, isPlain: weight === -1 ? parameters.length === 0 : weight === 0 }
}

/** The most precise range that fits decides, also when a wider one likes it better. */
function weigh(ranges: readonly MediaRange[], type: string, subtype: string) {
  let best = { quality: 0, precision: -1, place: -1 }
  for (const [place, range] of ranges.entries()) {
    const isType = range.type === type
    const isSubtype = range.subtype === subtype
    const fits = range.isPlain && (isType || range.type === '*') && (isSubtype || range.subtype === '*')
    const precision = Number(isType) + Number(isSubtype)
    const isBetter =
      precision > best.precision || (precision === best.precision && range.quality >= best.quality)
    if (fits && isBetter) best = { quality: range.quality, precision, place }
  }
  return best
}
