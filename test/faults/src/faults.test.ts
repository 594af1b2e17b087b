import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { check } from './checker/check.js'
import { folderFor } from './folder.js'
import { describeViolation } from './report.js'
import { run } from './run.js'

const test = suite('faults: a short run')

const FOR_MS = 10_000

for (const seed of [1, 2]) {
  test(`no promise is broken while things break, seed ${seed}`, async () => {
    const { entries } = await run({
      seed,
      profile: 'single',
      forMs: FOR_MS,
      folder: await folderFor(`test-${seed}`),
    })
    const { violations, asksAfterConfirmation } = check(entries)

    assert.equal(violations.map(describeViolation), [])
    // Nothing would be broken either if nothing had been tried.
    assert.ok(asksAfterConfirmation >= 50, `${asksAfterConfirmation} asks after a confirmation`)
    assert.ok(entries.filter(({ op }) => op === 'fault').length >= 4, 'faults')
  })
}

test.run()
