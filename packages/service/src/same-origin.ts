import { provesSameOrigin } from '@curfew/contract'
import type { Middleware } from 'koa'
import { ServiceError } from './errors.js'

/**
 * Refuses a state-changing request that does not prove to come from our own pages, see
 * `provesSameOrigin`: 403 `origin-not-proven`.
 *
 * @param exempt paths with an authentication of their own, compared as a whole
 */
export function requireSameOrigin(publicUrl: URL, exempt: readonly string[] = []): Middleware {
  return async function requireSameOrigin(ctx, next) {
    if (!CHANGES_STATE.has(ctx.method) || exempt.includes(ctx.path)) return next()

    const origin = ctx.get('Origin')
    const site = ctx.get('Sec-Fetch-Site')
    if (provesSameOrigin({ origin, fetchSite: site, marker: ctx.get('X-Curfew') }, publicUrl)) return next()

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
