import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { ProcessLog } from './process-log.js'
import type { ProcessSpec } from './process-spec.js'
import { StartFailed } from './start-failed.js'
import type { Watchdog } from './watchdog.js'

export interface SupervisedProcess {
  readonly name: string
  readonly port: number
  readonly address: string
  /** Of the process that runs now, or undefined between two. */
  readonly pid: number | undefined
  /**
   * Starts it and waits until it is ready. From then on it is started again whenever it ends by itself.
   *
   * @throws {StartFailed} with its last words when it ends first, or isn't ready within 30 s
   */
  start(): Promise<void>
  /** Asks it to end, waits, and kills it when it is there after 12 s. It stays stopped. */
  stop(): Promise<void>
  /** Ends it with `signal` and starts it again. */
  restart(signal?: NodeJS.Signals): Promise<void>
  /** Ends it at once, for good. */
  kill(): Promise<void>
}

export interface Supervision {
  readonly log: ProcessLog
  readonly watchdog: Watchdog
  /** It ended by itself, and is started again after a pause. */
  readonly onLost: (name: string, reason: string, againInMs: number) => void
  /** It runs again. */
  readonly onBack: (name: string) => void
}

const READY_WITHIN_MS = 30_000
const LOOK_AGAIN_MS = 100
/** Longer than a service's own deadline for its drain. */
const END_WITHIN_MS = 12_000
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 8_000
/** One that ran this long was well; the next pause is a short one again. */
const WELL_AFTER_MS = 10_000

export function superviseProcess(spec: ProcessSpec, supervision: Supervision): SupervisedProcess {
  const { log, watchdog } = supervision
  let child: ChildProcess | undefined
  /** Whether it is to be started again when it ends. */
  let isWanted = false
  let pauseMs = FIRST_PAUSE_MS
  let reviving = new AbortController()
  let revival = Promise.resolve()

  async function launch() {
    const launched = await spawnChild()
    child = launched
    if (!isWanted) await end(launched, 'SIGKILL')
    const began = performance.now()
    await becomeReady(launched)
    launched.once('exit', () => {
      if (!isWanted) return
      if (performance.now() - began > WELL_AFTER_MS) pauseMs = FIRST_PAUSE_MS
      revival = revive(describeEnd(launched), reviving.signal)
    })
  }

  async function spawnChild(): Promise<ChildProcess> {
    const output = await log.openForChild()
    try {
      const child = spawn(spec.command, spec.args, {
        env: spec.env,
        stdio: ['ignore', output.fd, output.fd],
        // A group of its own: a Ctrl-C in the terminal is for us, who then end things in their order.
        detached: true,
      })
      await once(child, 'spawn')
      const { pid } = child
      if (pid !== undefined) {
        watchdog.guard(pid)
        child.once('exit', () => watchdog.release(pid))
      }
      return child
    } catch (cause) {
      throw new StartFailed(`${spec.name} could not be started: ${spec.command} does not run here.`, {
        cause,
      })
    } finally {
      await output.close()
    }
  }

  async function becomeReady(child: ChildProcess) {
    const deadline = performance.now() + READY_WITHIN_MS
    while (!(await isReady())) {
      if (hasEnded(child)) {
        throw new StartFailed(`${spec.name} ended while it was starting (${await describeEnd(child)}).`)
      }
      if (performance.now() > deadline) {
        const seconds = READY_WITHIN_MS / 1000
        throw new StartFailed(`${spec.name} was not ready within ${seconds} s${await quoteLog()}.`)
      }
      await pause(LOOK_AGAIN_MS)
    }
    if (hasEnded(child)) throw new StartFailed(`${spec.name} ended at once (${await describeEnd(child)}).`)
  }

  /** While it starts, a refused connection is the normal answer. */
  const isReady = () => spec.isReady().catch(() => false)

  async function describeEnd(child: ChildProcess): Promise<string> {
    const end = child.signalCode === null ? `exit code ${child.exitCode}` : child.signalCode
    return `${end}${await quoteLog()}`
  }

  async function quoteLog(): Promise<string> {
    const words = await log.lastWords()
    return words === '' ? `, see ${log.file}` : `: ${words}`
  }

  async function revive(lastEnd: Promise<string>, signal: AbortSignal) {
    let reason = await lastEnd
    while (!signal.aborted) {
      supervision.onLost(spec.name, reason, pauseMs)
      const wasAborted = await pause(pauseMs, false, { signal }).catch(() => true)
      if (wasAborted) return
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
      try {
        await launch()
        return supervision.onBack(spec.name)
      } catch (error) {
        await end(child, 'SIGKILL')
        if (!(error instanceof StartFailed)) throw error
        reason = error.message
      }
    }
  }

  async function halt(signal: NodeJS.Signals) {
    isWanted = false
    reviving.abort()
    reviving = new AbortController()
    await end(child, signal)
    await revival
    await end(child, signal) // a revival under way may have started one more
  }

  async function start() {
    isWanted = true
    await launch()
  }

  return {
    name: spec.name,
    port: spec.port,
    address: spec.address,
    get pid() {
      return child === undefined || hasEnded(child) ? undefined : child.pid
    },
    start,
    stop: () => halt('SIGTERM'),
    async restart(signal = 'SIGTERM') {
      await halt(signal)
      await start()
    },
    kill: () => halt('SIGKILL'),
  }
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || hasEnded(child)) return
  const exit = once(child, 'exit')
  const tooLate = setTimeout(() => child.kill('SIGKILL'), END_WITHIN_MS)
  child.kill(signal)
  child.kill('SIGCONT') // one that was stopped hears nothing else
  await exit
  clearTimeout(tooLate)
}
