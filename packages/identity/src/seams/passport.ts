import { ServiceError } from '@curfew/service'
import type { Context, Middleware } from 'koa'
import koaPassport from 'koa-passport'
import type { Strategy } from 'passport'

const { KoaPassport } = koaPassport

/** Passport, as far as we use it: to run a strategy for one request, and to sign a user in to the session. */
export interface Passport {
  /** Gives the context its `login`. Below koa-session. */
  readonly initialize: Middleware
  /**
   * Runs a strategy. Its user, or null when it redirected the browser instead.
   *
   * @throws what the strategy failed with
   */
  authenticate(ctx: Context, strategy: Strategy): Promise<object | null>
}

/** A passport of our own: the one that the module exports is shared by the whole process. */
export function createPassport(): Passport {
  const passport = new KoaPassport()
  passport.serializeUser((user, done) => done(null, Reflect.get(user, 'id')))

  return {
    initialize: passport.initialize(),
    async authenticate(ctx, strategy) {
      let outcome: Outcome = { user: null }
      // Passport takes a strategy itself in the place of its name, which its types don't know. It writes
      // to it, so each request needs its own; and so does the callback, or concurrent requests hang.
      const middleware = passport.authenticate(
        strategy as unknown as string,
        (error: unknown, user: unknown) => {
          outcome = error ? { error } : { user: userOf(user) }
        },
      )
      await middleware(ctx, async () => {})
      if ('error' in outcome) throw outcome.error
      return outcome.user
    },
  }
}

type Outcome = { readonly user: object | null } | { readonly error: unknown }

/** Passport says false when a strategy failed without an error, and ours never do. */
function userOf(user: unknown): object {
  if (typeof user === 'object' && user !== null) return user
  throw new ServiceError('login-failed', 'You could not be signed in. Please start anew.', {
    reason: 'strategy-failed',
  })
}
