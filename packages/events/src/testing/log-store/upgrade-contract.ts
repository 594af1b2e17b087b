import type { Test } from 'uvu'
import * as assert from 'uvu/assert'
import { appendAll, type GivenStore, givenEntries, START_MS } from './given-entries.js'

/**
 * What every store makes of a log that an older version has written.
 *
 * @param saysVersion the SQL after which the store takes its log for one of this version
 */
export function upgradeContract(
  test: Test,
  openStore: () => Promise<GivenStore>,
  saysVersion: (version: number) => string,
): void {
  const without3 = 'DROP TABLE removed; ALTER TABLE state DROP COLUMN secret;'
  const without2 = `UPDATE events SET event_id = substr(event_id, length(source) + 2); ${without3}`
  const without1 = `DROP TABLE tallied_events; DROP TABLE tallied_confirmations; DROP TABLE session_samples; ${without2}`

  test('what an older log has is counted when it is opened', async () => {
    await using given = await openStore()
    await appendAll(given.store, givenEntries(100))
    const hour = { from: START_MS / 1_000, to: START_MS / 1_000 + 3_600, stepSeconds: 60 }
    const days = { from: 0, to: 100_000 * 86_400, stepSeconds: 86_400 }
    const before = await Promise.all([hour, days].map(given.store.tally))

    await given.tamper(`${without1} ${saysVersion(1)}`)
    const again = await given.again()

    assert.equal(await Promise.all([hour, days].map(again.tally)), before)
    await again.close()
  })

  test('what an older log has is known by its source and its id when it is opened', async () => {
    await using given = await openStore()
    const entries = givenEntries(100, (n) => ({ id: n === 7 ? 'i'.repeat(500) : `event-${n}` }))
    await appendAll(given.store, entries)

    await given.tamper(`${without2} ${saysVersion(2)}`)
    const again = await given.again()

    assert.equal(await appendAll(again, entries), [])
    assert.ok((await again.verify()).ok)
    await again.close()
  })

  test('an older log has a secret once it is opened, and remembers from then on what is removed', async () => {
    await using given = await openStore()
    await appendAll(given.store, givenEntries(10))

    await given.tamper(`${without3} ${saysVersion(3)}`)
    const again = await given.again()

    assert.match(await again.secret(), /^[0-9a-f-]{64,}$/)
    assert.is(await again.prune({ mostEntries: 3 }), 7)
    assert.equal(await appendAll(again, givenEntries(10)), [])
    await again.close()
  })
}
