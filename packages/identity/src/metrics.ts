import type { Receipt } from '@curfew/contract'
import { type Metrics, ServiceError } from '@curfew/service'
import type { Middleware } from 'koa'
import { Counter, Gauge, Histogram } from 'prom-client'
import type { SignOffObserver } from './sign-off/sign-offs.js'

/**
 * What identity counts besides what every service does.
 *
 * | metric                                 | labels             | counts                                                                                   |
 * | -------------------------------------- | ------------------ | ---------------------------------------------------------------------------------------- |
 * | `curfew_logins_total`                  | `result`           | callbacks: `signed-in`, `already-signed-in` or a problem                                 |
 * | `curfew_login_failures_dropped_total`  |                    | failed logins that are not in the event log: too many                                    |
 * | `curfew_signoffs_total`                | `reason`, `result` | sign-offs: `recorded`, or `failed` to be, so that nothing was promised                   |
 * | `curfew_signoffs_pending`              |                    | recorded here and not confirmed yet: for longer than the bound only while Redis is away  |
 * | `curfew_signoff_confirmation_ms`       | `reason`, `how`    | from the decision until nobody can serve it any more: all `applied` it, or some `lapsed` |
 * | `curfew_signoffs_recorded_again_total` |                    | sign-offs that were pending when Redis had another history                               |
 * | `curfew_signoff_hooks_failed_total`    | `at`               | hooks that failed or hung, by the service that they are of                               |
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
    logins: countLogin,
    droppedFailure: () => dropped.inc(),
    signOffs: countSignOffs(registers),
  }
}

function countSignOffs(registers: Array<Metrics['registry']>): SignOffObserver {
  const signOffs = new Counter({
    name: 'curfew_signoffs_total',
    help: 'Sign-offs, by reason, and by whether they were recorded',
    labelNames: ['reason', 'result'] as const,
    registers,
  })
  const pending = new Gauge({
    name: 'curfew_signoffs_pending',
    help: 'Sign-offs that were recorded here and are not confirmed yet',
    registers,
  })
  const confirmationMs = new Histogram({
    name: 'curfew_signoff_confirmation_ms',
    help: 'From the decision to the confirmation of a sign-off, in milliseconds',
    labelNames: ['reason', 'how'] as const,
    buckets: [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000],
    registers,
  })
  const recordedAgain = new Counter({
    name: 'curfew_signoffs_recorded_again_total',
    help: 'Sign-offs that were recorded again, since Redis had another history',
    registers,
  })
  const hooksFailed = new Counter({
    name: 'curfew_signoff_hooks_failed_total',
    help: 'Hooks that failed or hung when a sign-off was applied, by the service that they are of',
    labelNames: ['at'] as const,
    registers,
  })

  return {
    failed: (reason) => signOffs.inc({ reason, result: 'failed' }),
    recorded(reason) {
      signOffs.inc({ reason, result: 'recorded' })
      pending.inc()
    },
    recordedAgain: () => recordedAgain.inc(),
    confirmed(reason, receipt) {
      pending.dec()
      confirmationMs.observe({ reason, how: howOf(receipt) }, receipt.tookMs)
      for (const { service, hook } of receipt.instances)
        if (hook === 'failed') hooksFailed.inc({ at: service })
    },
  }
}

/** One instance that has to be waited out makes all of it wait. */
function howOf({ instances }: Receipt): 'applied' | 'lapsed' {
  return instances.every(({ state }) => state === 'applied') ? 'applied' : 'lapsed'
}
