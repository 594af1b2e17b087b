import type { Receipt } from '@curfew/contract'
import { type Metrics, ServiceError } from '@curfew/service'
import type { Middleware } from 'koa'
import { Counter, Histogram } from 'prom-client'

/**
 * What identity counts besides what every service does.
 *
 * | metric                                | labels            | counts                                                   |
 * | ------------------------------------- | ----------------- | -------------------------------------------------------- |
 * | `curfew_logins_total`                 | `result`          | callbacks: `signed-in`, `already-signed-in` or a problem |
 * | `curfew_signoffs_total`               | `reason`, `state` | sign-offs: `confirmed`, `pending`, or `failed` to record |
 * | `curfew_signoff_confirmation_ms`      |                   | from the decision until nobody can serve it any more     |
 * | `curfew_login_failures_dropped_total` |                   | failed logins that are not in the event log: too many    |
 */
export function createIdentityMetrics({ registry }: Pick<Metrics, 'registry'>) {
  const registers = [registry]
  const logins = new Counter({
    name: 'curfew_logins_total',
    help: 'Logins that came back from the provider, by result',
    labelNames: ['result'] as const,
    registers,
  })
  const dropped = new Counter({
    name: 'curfew_login_failures_dropped_total',
    help: 'Failed logins that are not in the event log, because there were too many',
    registers,
  })
  const signOffs = new Counter({
    name: 'curfew_signoffs_total',
    help: 'Sign-offs, by reason, and by whether their answer said confirmed',
    labelNames: ['reason', 'state'] as const,
    registers,
  })
  const confirmationMs = new Histogram({
    name: 'curfew_signoff_confirmation_ms',
    help: 'From the decision to the confirmation of a sign-off, in milliseconds',
    buckets: [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000],
    registers,
  })

  const countLogin: Middleware = async function countLogin(ctx, next) {
    try {
      await next()
      logins.inc({ result: ctx.state.wasSignedInAlready ? 'already-signed-in' : 'signed-in' })
    } catch (error) {
      logins.inc({ result: error instanceof ServiceError ? error.code : 'internal' })
      throw error
    }
  }

  return {
    /** Mounted above what finishes a login. */
    countLogin,
    countDroppedFailure: () => dropped.inc(),
    /** @param receipt null when it could not be recorded */
    countSignOff(reason: string, receipt: Receipt | null): void {
      signOffs.inc({ reason, state: stateOf(receipt) })
      if (receipt?.confirmed) confirmationMs.observe(receipt.tookMs)
    },
  }
}

function stateOf(receipt: Receipt | null): 'confirmed' | 'pending' | 'failed' {
  if (receipt === null) return 'failed'
  return receipt.confirmed ? 'confirmed' : 'pending'
}
