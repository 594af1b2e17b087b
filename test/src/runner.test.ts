import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ROOT } from './root.js'
import { type FileResult, runFile } from './runner/run-file.js'
import { namedTestFiles } from './runner/test-files.js'

const test = suite('test: the runner')

test('a file whose tests pass is green', async () => {
  const { passed, failed, failures } = await runFixture('passes')

  assert.equal({ passed, failed, failures }, { passed: 2, failed: 0, failures: [] })
})

test('a failing test is counted, and shown with what it wrote', async () => {
  const { passed, failed, failures, output } = await runFixture('fails')

  assert.equal({ passed, failed }, { passed: 1, failed: 1 })
  assert.match(failures.join(), 'Expected values to be strictly equal')
  assert.match(output, 'said by the bad one')
})

// Each of these passes with uvu alone, or hangs for ever, or hides the tests behind it.
const traps: readonly [fixture: string, what: string, says: RegExp][] = [
  ['before-hook', 'a before hook that throws', /a before or after\.each hook threw/],
  ['after-each-hook', 'an after.each hook that throws', /a before or after\.each hook threw/],
  ['no-run', 'a forgotten test.run()', /is test\.run\(\) missing/],
  ['only', 'an only that was left behind', /left behind: test\.only\('runs'/],
  ['only-everywhere', 'an only that leaves nothing out', /left behind: test\.only\('runs'/],
  ['skip', 'a skip that was left behind', /left behind: test\.skip\('is left out'/],
  ['empty', 'a suite without a test', /there is no test in this suite/],
  ['open-handle', 'a handle that stays open', /still open after the last test: .*TCPServerWrap/],
  ['unhandled-rejection', 'an unhandled rejection', /nobody waits for this one/],
  ['late-rejection', 'a rejection after the last test', /too late to be seen by a test/],
  ['exits', 'process.exit in a test', /exit code 0\) before its tests were finished/],
  ['waits-for-nothing', 'a promise that nothing can settle', /before its tests were finished/],
  ['throws-on-load', 'a file that throws while it is loaded', /not even loaded/],
  ['is-not-there', 'a file that does not exist', /there is no such file/],
]
for (const [fixture, what, says] of traps) {
  test(`${what} is red`, async () => {
    const result = await runFixture(fixture)

    assert.ok(result.failed > 0, 'nothing failed')
    assert.match(textOf(result), says)
  })
}

test('a test that never ends is killed at the deadline, with the list of what it has open', async () => {
  // Long enough that it has something open by then, also on a busy machine.
  const result = await runFixture('hangs', 5_000)

  assert.is(result.failed, 1)
  assert.match(textOf(result), 'not finished after 5 s, and killed')
  assert.match(textOf(result), /still open at the deadline: .*TCPServerWrap/)
})

test('a loop without an end is killed as well', async () => {
  const result = await runFixture('busy', 1_000)

  assert.match(textOf(result), 'not finished after 1 s, and killed')
})

test('a test process that is killed takes its redis-server with it', async () => {
  const { output } = await runFixture('leaves-redis', 5_000)

  const port = Number(/redis:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1])
  assert.ok(port > 0, output)
  await eventually(() => refuses(port))
})

test('the last line counts, and the exit code tells', async () => {
  const green = await runAll('passes')
  const red = await runAll('passes', 'fails', 'before-hook')

  assert.is(green.code, 0, green.output)
  assert.match(green.output, /\n2 passed, 0 failed\n$/)
  assert.is(red.code, 1)
  assert.match(red.output, /\n3 passed, 2 failed\n$/)
  assert.match(red.output, /\[3\/3\]/)
})

test.run()

function runFixture(name: string, deadlineMs = 20_000): Promise<FileResult> {
  const [file] = namedTestFiles([fixture(name)])
  if (file === undefined) throw new TypeError('a named file is missing from the list')
  return runFile({ ...file, deadlineMs })
}

/** What test/run.mjs does once everything is compiled. */
function runAll(...names: string[]): Promise<{ code: number | string; output: string }> {
  const script = `import { runTests } from '${new URL('./run.js', import.meta.url)}'
process.exitCode = await runTests(process.argv.slice(1))`
  return new Promise((resolve) => {
    const args = ['--input-type=module', '-e', script, ...names.map(fixture)]
    execFile(process.execPath, args, (error, output) => resolve({ code: error?.code ?? 0, output }))
  })
}

function fixture(name: string): string {
  return join(ROOT, `test/src/fixtures/${name}.test.ts`)
}

function textOf({ failures, output }: FileResult): string {
  return [...failures, output].join('\n')
}

/** Whether nothing listens there. */
async function refuses(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return false
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') return true
    throw error
  } finally {
    socket.destroy()
  }
}
