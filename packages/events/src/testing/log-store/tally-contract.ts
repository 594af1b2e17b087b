import type { EventType } from '@curfew/contract'
import type { Test } from 'uvu'
import * as assert from 'uvu/assert'
import { percentileOf } from '../../store/histogram.js'
import type { GivenStore } from './given-entries.js'
import { appendAll, givenEntries, givenEntry, START_MS } from './given-entries.js'

const START = START_MS / 1_000
const HOUR = 3_600
const DAY = 24 * HOUR
/** The first days by hours. */
const BY_HOURS = { from: START, to: START + 3 * DAY, stepSeconds: HOUR }

/** What every store must count, whatever it keeps the log in. */
export function tallyContract(test: Test, openStore: () => Promise<GivenStore>): void {
  test('what is appended is counted by steps, types and reasons', async () => {
    await using given = await openStore()
    const { store } = given
    const facts: ReadonlyArray<readonly [minute: number, type: EventType, reason?: string]> = [
      [0, 'session.created'],
      [59, 'session.created'],
      [60, 'session.created'],
      [61, 'session.revoked', 'logged-out'],
      [62, 'session.revoked', 'revoked'],
      [63, 'session.revoked', 'revoked'],
      [25 * 60, 'login.failed', 'access-denied'],
    ]
    const entries = facts.map(([minute, type, reason], index) =>
      givenEntry(index + 1, {
        type,
        timeMs: START_MS + minute * 60_000,
        data: { actor: 'ada', ...(reason === undefined ? {} : { reason }) },
      }),
    )
    for (const entry of entries) await appendAll(store, [entry])
    // What is there already is not counted again.
    await appendAll(store, entries)

    const byHours = await store.tally(BY_HOURS)
    const first = await store.tally({ from: START, to: START + 60, stepSeconds: 60 })
    const byDays = await store.tally({ from: START - 12 * HOUR, to: START + 36 * HOUR, stepSeconds: DAY })
    const byHalfDays = await store.tally({ ...BY_HOURS, stepSeconds: 12 * HOUR })

    assert.equal(rowsOf(byHours), [
      '0 session.created: 2',
      '1 session.created: 1',
      '1 session.revoked logged-out: 1',
      '1 session.revoked revoked: 2',
      '25 login.failed access-denied: 1',
    ])
    assert.equal(rowsOf(first), ['0 session.created: 1'])
    assert.equal(rowsOf(byDays), [
      '0 session.created: 3',
      '0 session.revoked logged-out: 1',
      '0 session.revoked revoked: 2',
      '1 login.failed access-denied: 1',
    ])
    assert.equal(rowsOf(byHalfDays), [
      '0 session.created: 3',
      '0 session.revoked logged-out: 1',
      '0 session.revoked revoked: 2',
      '2 login.failed access-denied: 1',
    ])
  })

  test('how long confirmations took is counted, to a few percent', async () => {
    await using given = await openStore()
    const { store } = given
    const took = [1, 2, 3, 500, 'soon', -1]
    await appendAll(
      store,
      took.map((tookMs, index) =>
        givenEntry(index + 1, {
          type: 'sign-off.confirmed',
          data: { actor: 'ada', reason: 'logged-out', tookMs },
        }),
      ),
    )

    for (const span of [BY_HOURS, { ...BY_HOURS, stepSeconds: 60 }]) {
      const { confirmations, counts } = await store.tally(span)

      assert.is(counts[0]?.count, took.length)
      assert.equal([...new Set(confirmations.map(({ step }) => step))], [0])
      for (const [percent, exact] of [
        [50, 2],
        [75, 3],
        [99, 500],
      ] as const) {
        const estimated = percentileOf(confirmations, percent) ?? 0
        assert.ok(Math.abs(estimated - exact) <= 0.025 * exact, `${estimated} instead of ${exact}`)
      }
    }
  })

  test('of many samples the largest is that of a step', async () => {
    await using given = await openStore()
    const { store } = given
    for (const [second, activeSessions] of [
      [0, 5],
      [59, 9],
      [30, 3],
      [90, 7],
      [HOUR, 0],
    ] as const)
      await store.sample({ atMs: START_MS + second * 1_000, activeSessions })

    assert.equal(
      inOrder((await store.tally({ from: START, to: START + 2 * HOUR, stepSeconds: 60 })).samples),
      [
        { step: 0, most: 9 },
        { step: 1, most: 7 },
        { step: 60, most: 0 },
      ],
    )
    assert.equal(inOrder((await store.tally(BY_HOURS)).samples), [
      { step: 0, most: 9 },
      { step: 1, most: 0 },
    ])
  })

  test('what retention removes is counted no more', async () => {
    await using given = await openStore()
    const { store } = given
    await appendAll(
      store,
      givenEntries(48, (n) => ({ timeMs: START_MS + n * 1_000 })),
    )
    const later = givenEntry(3 * HOUR, {})
    await store.sample({ atMs: START_MS, activeSessions: 5 })
    await appendAll(store, [later])
    await store.sample({ atMs: later.event.time ? Date.parse(later.event.time) : 0, activeSessions: 6 })

    await store.prune({ mostEntries: 1 })

    const { counts, samples } = await store.tally({ from: START, to: START + 4 * HOUR, stepSeconds: 60 })
    assert.equal(
      counts.map(({ step, count }) => [step, count]),
      [
        // The last that was removed is in this step: it was not over yet.
        [0, 48],
        [180, 1],
      ],
    )
    assert.equal(inOrder(samples), [
      { step: 0, most: 5 },
      { step: 180, most: 6 },
    ])
    await store.prune({ mostEntries: 0 })
    assert.equal(rowsOf(await store.tally({ from: START, to: START + HOUR, stepSeconds: 60 })), [])
  })

  test('the figures of a long time are read from few rows', async () => {
    await using given = await openStore()
    const { store } = given
    await appendAll(
      store,
      givenEntries(2_000, (n) => ({ timeMs: START_MS + n * DAY * 1_000 })),
    )

    const week = { from: START - 12 * HOUR, to: START - 12 * HOUR + 2_100 * DAY, stepSeconds: 14 * DAY }
    const { counts } = await store.tally(week)

    assert.is(counts.length, 143)
    assert.is(
      counts.reduce((sum, { count }) => sum + count, 0),
      2_000,
    )
  })
}

function rowsOf({ counts }: Awaited<ReturnType<GivenStore['store']['tally']>>): string[] {
  return counts
    .toSorted((a, b) => a.step - b.step || a.type.localeCompare(b.type) || a.reason.localeCompare(b.reason))
    .map(({ step, type, reason, count }) => `${[step, type, reason].join(' ').trim()}: ${count}`)
}

function inOrder<Row extends { readonly step: number }>(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => a.step - b.step)
}
