import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type GuardState, guardReady, observeGuard } from './guard-state.js'
import { createMetrics } from './metrics.js'

const test = suite('service: what is shown of a guard')

const FOLLOWING: GuardState = {
  following: true,
  connected: true,
  leaseLeftMs: 3_750,
  sequence: 42,
  lastGap: null,
  entries: 7,
  held: 3,
  hits: 1_000,
  misses: 10,
  flushes: 1,
  hookFailures: 2,
}

test('it is ready with a lease and a connection, and says which of them is missing', () => {
  assert.is(guardReady(FOLLOWING), true)
  assert.match(String(guardReady({ ...FOLLOWING, following: false })), /^The guard has no lease: .*\.$/)
  assert.is(guardReady({ ...FOLLOWING, connected: false }), 'The guard has no connection to Redis.')
})

test('each scrape says how things are then', async () => {
  let state: GuardState = FOLLOWING
  const metrics = createMetrics('invoices')
  observeGuard(metrics, () => state)
  const scrape = async () => {
    const text = await metrics.registry.metrics()
    return text.split('\n').filter((line) => line.startsWith('curfew_guard_'))
  }

  assert.equal(await scrape(), [
    'curfew_guard_following{service="invoices"} 1',
    'curfew_guard_lease_left_ms{service="invoices"} 3750',
    'curfew_guard_sequence{service="invoices"} 42',
    'curfew_guard_entries{service="invoices"} 7',
    'curfew_guard_held{service="invoices"} 3',
    'curfew_guard_hits_total{service="invoices"} 1000',
    'curfew_guard_misses_total{service="invoices"} 10',
    'curfew_guard_flushes_total{service="invoices"} 1',
    'curfew_guard_hook_failures_total{service="invoices"} 2',
  ])

  state = {
    ...FOLLOWING,
    following: false,
    leaseLeftMs: -20,
    hits: 1_001,
    lastGap: { at: Date.now() - 60_000 },
  }
  const later = await scrape()
  assert.ok(later.includes('curfew_guard_following{service="invoices"} 0'))
  assert.ok(later.includes('curfew_guard_lease_left_ms{service="invoices"} 0'))
  assert.ok(later.includes('curfew_guard_hits_total{service="invoices"} 1001'))
  const [age = ''] = later.filter((line) => line.startsWith('curfew_guard_gap_age_seconds'))
  assert.ok(Math.abs(Number(age.split(' ')[1]) - 60) < 1, age)
})

test.run()
