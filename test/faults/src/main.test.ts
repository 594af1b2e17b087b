import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { USAGE } from './options.js'

const test = suite('faults: how it is asked')

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url))

for (const [args, sentence] of [
  [['--minutes', 'many'], '--minutes must be a number above zero'],
  [['--seed', '1.5'], '--seed must be a whole number'],
  [['--profile', 'cluster'], '--profile must be single or sentinel'],
] as const) {
  test(`${args.join(' ')} is answered by a sentence, and how to ask`, async () => {
    const { code, stderr } = await refused(args)

    assert.is(code, 2)
    assert.is(stderr, `${sentence}\n\n${USAGE}\n`)
  })
}

test('without redis-server, where it may not be installed, a sentence says how to get it', async () => {
  const { code, stderr } = await refused([], { PATH: '/nowhere' })

  assert.is(code, 2)
  assert.match(stderr, /^Redis is missing\. Install it with .*\n$/)
})

test.run()

async function refused(args: readonly string[], env?: Record<string, string>) {
  try {
    await promisify(execFile)(process.execPath, [MAIN, ...args], env ? { env } : {})
  } catch (error) {
    const { code, stderr }: { code?: unknown; stderr?: unknown } = Object(error)
    return { code, stderr: String(stderr) }
  }
  throw new Error('it did not end with an error')
}
