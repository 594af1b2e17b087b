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
  const { confirmationOverRawPublish, ...others } = figures
  assert.ok(stdout.includes('### CPU of a request'))
  assert.equal(Object.keys(Object(confirmationOverRawPublish)), ['1', '10', '100'])
  for (const name of ['guardOverBareKoa', 'everywhereLogout10000Over1']) assert.ok(name in others, name)
  for (const [name, figure] of leaves(figures)) {
    assert.ok(typeof figure === 'number' && Number.isFinite(figure) && figure > 0, `${name}: ${figure}`)
  }
})

test('only what is named is measured, and what is not there is refused', async () => {
  const { stdout } = await run(process.execPath, [MAIN, '--quick', 'decision'])
  const refused = await run(process.execPath, [MAIN, '--quick', 'weather']).catch((error: unknown) => error)

  assert.match(stdout, /### The decision alone/)
  assert.not.match(stdout, /### CPU/)
  assert.match(String(refused), /there is no measurement called weather/)
})

test.run()

function leaves(tree: object): Array<[string, unknown]> {
  return Object.entries(tree).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null ? leaves(value) : [[name, value]],
  )
}
