import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '@curfew/testing'

/** A process of ours that faults are done to. It ends with this process, however that ends. */
export interface Child extends AsyncDisposable {
  readonly name: string
  /** Starts it, and waits until it is ready. */
  start(): Promise<void>
  /** Ends it as a power cut does. */
  kill(): Promise<void>
  /** Freezes it: everything that comes waits in its sockets. */
  pause(): void
  resume(): void
}

export interface ChildOptions {
  readonly name: string
  readonly main: string
  readonly env: NodeJS.ProcessEnv
  /** Node's own options. */
  readonly nodeOptions?: readonly string[]
  /** It writes into this file itself. */
  readonly logFile: string
  readonly isReady: () => Promise<boolean>
}

const READY_WITHIN_MS = 60_000
const MOST_STARTS = 10
const START_AGAIN_MS = 250

export function createChild({ name, main, env, nodeOptions = [], logFile, isReady }: ChildOptions): Child {
  let running: ChildProcess | undefined

  /** What can't start while Redis is away ends, and is started again, as any supervisor does. */
  async function start(): Promise<void> {
    for (let attempt = 1; !(await launch()); attempt++) {
      if (attempt === MOST_STARTS) throw new Error(`${name} does not start, see ${logFile}`)
      await pause(START_AGAIN_MS)
    }
  }

  async function launch(): Promise<boolean> {
    const log = await open(logFile, 'a')
    try {
      const child = spawn(process.execPath, ['--enable-source-maps', ...nodeOptions, main], {
        env: { PATH: process.env['PATH'], ...env },
        // Our services end when this channel closes.
        stdio: ['ignore', log.fd, log.fd, 'ipc'],
      })
      await once(child, 'spawn')
      running = child
      await eventually(() => hasEnded(child) || isReady(), { within: READY_WITHIN_MS })
      return !hasEnded(child)
    } finally {
      await log.close()
    }
  }

  async function kill(): Promise<void> {
    const child = running
    running = undefined
    if (child === undefined || hasEnded(child)) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }

  return {
    name,
    start,
    kill,
    pause: () => void running?.kill('SIGSTOP'),
    resume: () => void running?.kill('SIGCONT'),
    [Symbol.asyncDispose]: kill,
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null
