import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('model: how it is asked')

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url))

for (const [args, sentence] of [
  [['--weather'], /^Unknown option '--weather'/],
  [['--most', 'many'], /^--most must be a whole number above zero\n$/],
  [['one Redis restarts, and much else'], /^no configuration is called one Redis restarts, /],
  [['weather'], /^no configuration is called weather, only:\n/],
] as const) {
  test(`${args.join(' ')} is answered by a sentence`, async () => {
    const { code, stderr } = await promisify(execFile)(process.execPath, [MAIN, ...args], {
      timeout: 60_000,
    }).catch(Object)

    assert.is(code, 2)
    assert.match(stderr, sentence)
    assert.not.match(stderr, /\n +at /)
  })
}

test.run()
