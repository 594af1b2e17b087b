import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('bench')

const run = promisify(execFile)
const MAIN = fileURLToPath(new URL('./main.js', import.meta.url))

test('the quick form measures everything, and ends with one line of JSON', async () => {
  const { stdout } = await run(process.execPath, [MAIN, '--quick', '--json'])

  const figures: Record<string, unknown> = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  const { confirmationOverRawPublish, confirmationInFewProcessesOverRawPublish, ...others } = figures
  assert.ok(stdout.includes('### CPU of a request'))
  assert.equal(Object.keys(Object(confirmationOverRawPublish)), ['1', '10', '100'])
  assert.equal(Object.keys(Object(confirmationInFewProcessesOverRawPublish)), ['100'])
  for (const name of ['guardOverBareKoa', 'everywhereLogout10000Over1']) assert.ok(name in others, name)
  for (const [name, figure] of leaves(figures)) {
    assert.ok(typeof figure === 'number' && Number.isFinite(figure) && figure > 0, `${name}: ${figure}`)
  }
})

test('only what is named is measured, and what is not there is refused', async () => {
  const { stdout } = await run(process.execPath, [MAIN, '--quick', 'decision'])
  const refused = await refusal(['weather'])
  const unknown = await refusal(['--weather'])

  assert.match(stdout, /### The decision alone/)
  assert.not.match(stdout, /### CPU/)
  assert.match(refused, /^2: there is no measurement called weather, only [\w, -]+\n$/)
  assert.match(unknown, /^2: Unknown option '--weather'/)
})

test('without redis-server, where it may not be installed, a sentence says how to get it', async () => {
  assert.match(
    await refusal(['decision'], { PATH: '/nowhere' }),
    /^2: Redis is missing\. Install it with .*\n$/,
  )
})

test.run()

/** The exit code, and what is said on standard error, of a run that ends with an error. */
async function refusal(args: readonly string[], env?: Record<string, string>): Promise<string> {
  try {
    await run(process.execPath, [MAIN, '--quick', ...args], env ? { env } : {})
  } catch (error) {
    const { code, stderr } = Object(error)
    return `${code}: ${stderr}`
  }
  throw new Error('it did not end with an error')
}

function leaves(tree: object): Array<[string, unknown]> {
  return Object.entries(tree).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null ? leaves(value) : [[name, value]],
  )
}
