/** What a request says about where it comes from, as its headers have it. */
export interface OriginClaims {
  readonly origin: string | undefined
  readonly fetchSite: string | undefined
  /** `X-Curfew`, which no form can send, and no page of another origin without our leave. */
  readonly marker: string | undefined
}

/**
 * Whether a request proves that it comes from our own pages, or that no browser sends it.
 *
 * | what the request carries                | verdict                                              |
 * | --------------------------------------- | ---------------------------------------------------- |
 * | `Origin` equal to that of the public URL | yes                                                 |
 * | `Sec-Fetch-Site: same-origin`           | yes: no page can forge it                            |
 * | neither `Origin` nor `Sec-Fetch-Site`   | yes with an `X-Curfew` header, whose value is free   |
 * | anything else, `Origin: null` too       | no                                                   |
 */
export function provesSameOrigin(
  { origin = '', fetchSite = '', marker = '' }: OriginClaims,
  publicUrl: URL,
): boolean {
  if (origin === publicUrl.origin || fetchSite === 'same-origin') return true
  return origin === '' && fetchSite === '' && marker !== ''
}
