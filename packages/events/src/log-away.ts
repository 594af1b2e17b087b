import { ServiceError } from '@curfew/service'
import type { Middleware } from 'koa'
import { LogStoreFailed } from './store/log-store.js'

const SENTENCE =
  'The event log can’t be read right now. Nothing of it is lost. Try again shortly, or ask for less: a shorter time, or fewer words.'

/** Who asks for the log while its database is away, or takes too long, is to come back: it is no mistake of ours. */
export function sayWhenTheLogIsAway(): Middleware {
  return async function sayWhenTheLogIsAway(_ctx, next) {
    try {
      await next()
    } catch (cause) {
      if (cause instanceof LogStoreFailed)
        throw new ServiceError('store-unavailable', SENTENCE, {}, { cause })
      throw cause
    }
  }
}
