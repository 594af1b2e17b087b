import type { Middleware } from 'koa'
import { ServiceError } from './errors.js'

/**
 * Refuses a state-changing request that does not prove to come from our own pages.
 *
 * | what the request carries                     | verdict                                      |
 * | -------------------------------------------- | -------------------------------------------- |
 * | `Origin` equal to that of the public URL     | accepted                                     |
 * | `Sec-Fetch-Site: same-origin`                | accepted (no page can forge it)              |
 * | neither `Origin` nor `Sec-Fetch-Site`        | accepted with an `X-Curfew` header, whose    |
 * |                                              | value is free: no form can send one, and no  |
 * |                                              | page of another origin without our leave     |
 * | anything else, `Origin: null` too            | 403 `origin-not-proven`                      |
 *
 * @param exempt paths with an authentication of their own, compared as a whole
 */
export function requireSameOrigin(publicUrl: URL, exempt: readonly string[] = []): Middleware {
  return async function requireSameOrigin(ctx, next) {
    if (!CHANGES_STATE.has(ctx.method) || exempt.includes(ctx.path)) return next()

    const origin = ctx.get('Origin')
    const site = ctx.get('Sec-Fetch-Site')
    const isOurs = origin === publicUrl.origin || site === 'same-origin'
    const isNoBrowser = origin === '' && site === '' && ctx.get('X-Curfew') !== ''
    if (isOurs || isNoBrowser) return next()

    throw new ServiceError(
      'origin-not-proven',
      origin === '' && site === ''
        ? 'A program that changes something here sends an X-Curfew header with its request.'
        : `This can only be done from a page of ${publicUrl.origin}. Open it there and try again.`,
      { origin, site },
    )
  }
}

const CHANGES_STATE = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])
