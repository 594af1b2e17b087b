import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { check } from './checker/check.js'
import { folderFor } from './folder.js'
import { describeViolation } from './report.js'
import { run } from './run.js'

const test = suite('faults: a short run')

const FOR_MS = 10_000
/** A busy machine does less in that time: then it goes on for longer. */
const LONGEST_MS = 80_000

for (const seed of [1, 2]) {
  test(`no promise is broken while things break, seed ${seed}`, async () => {
    for (let forMs = FOR_MS; ; forMs *= 2) {
      const { entries } = await run({
        seed,
        profile: 'single',
        forMs,
        folder: await folderFor(`test-${seed}`),
      })
      const { violations, asksAfterConfirmation } = check(entries)
      const faults = entries.filter(({ op }) => op === 'fault').length

      assert.equal(violations.map(describeViolation), [])
      // Nothing would be broken either if nothing had been tried.
      if (asksAfterConfirmation >= 50 && faults >= 4) return
      assert.ok(forMs < LONGEST_MS, `${asksAfterConfirmation} asks after a confirmation, ${faults} faults`)
    }
  })
}

test.run()
