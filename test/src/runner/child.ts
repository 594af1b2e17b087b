/**
 * The process of one test file: loads it, runs what it queued, and tells the runner what became of it.
 *
 * uvu 0.5.6 answers success in cases that are failures: a `before` or an `after.each` hook that throws, a
 * forgotten `test.run()`, a test left out by `only` or `skip`, a file without tests. And it never ends a
 * process that something keeps alive. Here each of them is a failure that says what is wrong.
 */
import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import type { Outcome } from './outcome.js'

/** What uvu's runs resolve with: the text of the failures, or true when it saw none. */
type Run = () => Promise<[errors: string | true, passed: number, skipped: number, total: number]>

declare global {
  var UVU_DEFER: 1 | undefined
  var UVU_QUEUE: [file: string | null, ...runs: Run[]][]
}

/** ioredis gives a connection whose other end says nothing two seconds to say goodbye, with a timer. */
const CLOSING_MS = 3_000
const MOST_LOOKS = 5

const file = process.argv[2] ?? ''
// They are made on first use, and are not what a test left open.
for (const stream of [process.stdout, process.stderr]) stream.write('')
const ours = process.getActiveResourcesInfo()

// The runner asks this way when the deadline has passed, before it kills.
process.on('SIGUSR2', () => console.error(`still open at the deadline: ${stillOpen()}`))
// A runner that was killed leaves no test behind.
process.on('disconnect', () => process.exit(1))
process.channel?.unref()

globalThis.UVU_DEFER = 1 // uvu looks at it while it is loaded: runs are queued, not started
globalThis.UVU_QUEUE = [[null]]
await import(pathToFileURL(file).href)
process.send?.(await runQueue())
// Unrefed: it only fires while something else keeps the process alive.
setTimeout(failForOpenHandles, CLOSING_MS).unref()

async function runQueue(): Promise<Outcome> {
  const [, ...runs] = globalThis.UVU_QUEUE[0] ?? []
  const failures = await leftBehind()
  let passed = 0
  let total = 0
  if (runs.length === 0) failures.push('nothing was queued: is test.run() missing at the end of the file?')
  for (const run of runs) {
    const [errors, ran, skipped, all] = await run()
    passed += ran
    total += all
    if (errors !== true) failures.push(errors)
    else if (ran < all) {
      failures.push(`a before or after.each hook threw, and ${all - ran} of ${all} tests did not count; uvu hides
    what it threw: open what a test needs inside the test, with await using`)
    }
    if (skipped > 0) failures.push(`${skipped} tests were left out by only or skip`)
    if (all === 0) failures.push('there is no test in this suite')
  }
  return { passed, total, failures }
}

/** `only` on every test of a suite leaves nothing out that uvu would count. */
async function leftBehind(): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).split('\n')
  return lines
    .filter((line) => /^\s*\w+\.(only|skip)\(/.test(line))
    .map((line) => `only or skip was left behind: ${line.trim()}`)
}

function failForOpenHandles(looks = 1): void {
  const open = stillOpen()
  // Nothing with a name: sockets that are closing, on a machine that is busy. Here too there is an end.
  if (open === '' && looks < MOST_LOOKS) {
    setTimeout(failForOpenHandles, CLOSING_MS, looks + 1).unref()
    return
  }
  console.error(`still open after the last test: ${open || 'something that Node has no name for'}`)
  process.exit(1)
}

function stillOpen(): string {
  const names = process.getActiveResourcesInfo()
  for (const name of ours) {
    const at = names.indexOf(name)
    if (at !== -1) names.splice(at, 1)
  }
  return names.join(', ')
}
