import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isOutcome, type Outcome } from './outcome.js'
import type { TestFile } from './test-files.js'

export interface FileResult {
  readonly file: TestFile
  readonly passed: number
  readonly failed: number
  readonly tookMs: number
  /** What is wrong, one text each, when anything failed. */
  readonly failures: readonly string[]
  /** Everything that the process wrote. */
  readonly output: string
}

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url))
/** How long a process may take to list what it has open, before it is killed. */
const LAST_WORDS_MS = 2_000
const LONGEST_OUTPUT = 200_000

const running = new Set<ChildProcess>()

/** Runs one test file in a process of its own, and ends everything that it started. */
export async function runFile(file: TestFile): Promise<FileResult> {
  const began = performance.now()
  const result = (outcome: Outcome, output: string) => ({
    file,
    passed: outcome.passed,
    // What is wrong with the file as a whole counts as one failure when no test of it does.
    failed: Math.max(outcome.total - outcome.passed, outcome.failures.length > 0 ? 1 : 0),
    tookMs: performance.now() - began,
    failures: outcome.failures,
    output,
  })
  if (!(await exists(file.compiled)))
    return result(broken('it was not compiled, or there is no such file'), '')

  // In a group of its own, so that what it started can be ended with it.
  const child = fork(CHILD, [file.compiled], {
    detached: true,
    execArgv: ['--enable-source-maps'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  running.add(child)
  let output = ''
  let outcome: Outcome | null = null
  const keep = (text: string) => {
    output = (output + text).slice(-LONGEST_OUTPUT)
  }
  child.stdout?.setEncoding('utf8').on('data', keep)
  child.stderr?.setEncoding('utf8').on('data', keep)
  child.on('message', (message) => {
    if (isOutcome(message)) outcome = message
  })

  const exit = once(child, 'exit')
  const closed = once(child, 'close')
  const late = await isLate(file.deadlineMs, exit)
  if (late) {
    child.kill('SIGUSR2')
    await isLate(LAST_WORDS_MS, exit)
  }
  killGroup(child)
  const [code, signal] = await exit
  // Not 'close': a process that left the group may hold the pipe open for ever.
  await isLate(LAST_WORDS_MS, closed)
  running.delete(child)

  if (late) return result(broken(`not finished after ${file.deadlineMs / 1_000} s, and killed`), output)
  return result(judge(outcome, signal ?? `exit code ${code}`), output)
}

/** For a runner that is told to stop. */
export function killRunning(): void {
  for (const child of running) killGroup(child)
}

function judge(outcome: Outcome | null, ending: string): Outcome {
  if (outcome === null) return broken(`the process ended (${ending}) before its tests were finished`)
  if (ending === 'exit code 0') return outcome
  return { ...outcome, failures: [...outcome.failures, `the process failed after its last test (${ending})`] }
}

function broken(why: string): Outcome {
  return { passed: 0, total: 0, failures: [why] }
}

/** Whether `event` did not come within `ms`. */
async function isLate(ms: number, event: Promise<unknown>): Promise<boolean> {
  const cancel = new AbortController()
  try {
    return await Promise.race([after(ms, true, { signal: cancel.signal }), event.then(() => false)])
  } finally {
    cancel.abort()
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    const gone = error instanceof Error && 'code' in error && error.code === 'ESRCH'
    if (!gone) throw error
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
