import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { lockStateDir } from './checkout-lock.js'
import { type Addresses, addressesOf, curfewProcesses, type Surroundings } from './curfew-processes.js'
import { freePorts, portsFrom, requirePorts } from './ports.js'
import { createProcessLog } from './process-log.js'
import type { ProcessSpec } from './process-spec.js'
import { requireRedis } from './require-redis.js'
import { openSecrets } from './secrets.js'
import { type SupervisedProcess, superviseProcess } from './supervised-process.js'
import { openWatchdog } from './watchdog.js'

export interface SystemOptions {
  /** Where Redis's files, the logs, the secrets and `dev.json` are. */
  readonly stateDir: string
  /** The gateway's port; the others lie above it. Free ones when left out. */
  readonly basePort?: number
  /** What the processes inherit, and where `REDIS_URL` and `CURFEW_PROVIDER_…` are looked up. */
  readonly env?: NodeJS.ProcessEnv
  /** Hears of every step. Without it, the system is silent. */
  readonly onProgress?: (progress: Progress) => void
  /** Stops it when aborted, also while it is still starting. */
  readonly signal?: AbortSignal
  /** Other processes than Curfew's own, for tests of the start itself. */
  readonly processes?: (surroundings: Surroundings) => Promise<ProcessSpec[][]> | ProcessSpec[][]
}

export type Progress =
  | { readonly type: 'ready'; readonly name: string; readonly address: string; readonly tookMs: number }
  | { readonly type: 'lost'; readonly name: string; readonly reason: string; readonly againInMs: number }
  | { readonly type: 'back'; readonly name: string }
  | { readonly type: 'stopped'; readonly name: string; readonly tookMs: number }

export interface RunningProcess {
  readonly name: string
  /** Undefined for a moment when it ended by itself. */
  readonly pid: number | undefined
  readonly port: number
}

export interface System extends Addresses, AsyncDisposable {
  readonly logsDir: string
  /** As they are now: process ids change when one is started again. */
  readonly processes: readonly RunningProcess[]
  /** Ends one process, by its name and with a signal (SIGTERM), and waits until it is ready again. */
  restart(name: string, signal?: NodeJS.Signals): Promise<void>
  /** Ends all, the last one first, each after its drain. Calling it again changes nothing. */
  stop(): Promise<void>
  /** Ends all at once. */
  kill(): Promise<void>
}

/**
 * Starts Redis, then side by side the development provider, identity, two instances of projects, events and the
 * gateway, and keeps them running.
 *
 * When this resolves, all are ready, and `dev.json` in the state folder says where. When it throws, nothing that
 * it started is left.
 *
 * @throws {StartFailed} with a sentence for the terminal: a port in use, a bad setting, a process that died
 * @throws {ToolMissing} when there is no redis-server and it can't be installed
 */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { env = process.env, onProgress, signal } = options
  const stateDir = resolve(options.stateDir)
  const logsDir = join(stateDir, 'logs')
  const redisDir = join(stateDir, 'redis')
  const devFile = join(stateDir, 'dev.json')

  const unlock = await lockStateDir(stateDir)
  const processes: SupervisedProcess[] = []
  const starts: Promise<void>[] = []
  const watchdog = openWatchdog(devFile)
  let ending: Promise<void> | undefined

  try {
    for (const folder of [logsDir, redisDir]) await mkdir(folder, { recursive: true })
    const ports = options.basePort === undefined ? await freePorts() : portsFrom(options.basePort)
    const eventLogFile = join(stateDir, 'event-log.db')
    const secrets = await openSecrets(stateDir)
    const surroundings: Surroundings = { env, ports, redisDir, eventLogFile, secrets }
    const addresses = addressesOf(surroundings)
    if (env['REDIS_URL']) await requireRedis(env['REDIS_URL'])
    const stages = await (options.processes ?? curfewProcesses)(surroundings)
    await requirePorts(stages.flat(), (await exists(devFile)) ? LAST_ONE_ENDS_MS : 0)

    signal?.addEventListener('abort', () => void stop(), { once: true })
    for (const stage of stages) {
      signal?.throwIfAborted()
      starts.push(...stage.map(startProcess))
      await Promise.all(starts)
    }
    signal?.throwIfAborted()
    await writeDevFile(addresses)

    async function startProcess(spec: ProcessSpec) {
      const file = join(logsDir, `${spec.name}.log`)
      const supervised = superviseProcess(spec, {
        log: createProcessLog(file),
        watchdog,
        onLost: (name, reason, againInMs) => onProgress?.({ type: 'lost', name, reason, againInMs }),
        onBack(name) {
          onProgress?.({ type: 'back', name })
          void writeDevFile(addresses)
        },
      })
      processes.push(supervised)
      const began = performance.now()
      await rm(file, { force: true })
      if (ending !== undefined) return
      await supervised.start()
      onProgress?.({
        type: 'ready',
        name: spec.name,
        address: spec.address,
        tookMs: Math.round(performance.now() - began),
      })
    }

    return {
      ...addresses,
      logsDir,
      get processes() {
        return list()
      },
      async restart(name, withSignal) {
        const wanted = processes.find((candidate) => candidate.name === name)
        if (wanted === undefined) throw new TypeError(`there is no process called ${name}`)
        await wanted.restart(withSignal)
        await writeDevFile(addresses)
      },
      stop,
      kill,
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    signal?.throwIfAborted()
    throw error
  }

  function stop() {
    ending ??= endWith(async () => {
      for (const one of processes.toReversed()) {
        const began = performance.now()
        const wasRunning = one.pid !== undefined
        await one.stop()
        if (wasRunning)
          onProgress?.({ type: 'stopped', name: one.name, tookMs: Math.round(performance.now() - began) })
      }
      // One that was still to be spawned is ended by its own start.
      await Promise.allSettled(starts)
    })
    return ending
  }

  /** Also in the middle of `stop`, which then finds everything ended. */
  async function kill() {
    await Promise.all(processes.map((one) => one.kill()))
    await stop()
  }

  async function endWith(endProcesses: () => Promise<void>) {
    await rm(devFile, { force: true })
    await endProcesses()
    watchdog.dismiss()
    await unlock()
  }

  async function writeDevFile({ url, console, provider, redisUrl }: Addresses) {
    if (ending !== undefined) return
    const found = { url, console, provider, redisUrl, processes: list() }
    await writeFile(`${devFile}.new`, `${JSON.stringify(found, null, 2)}\n`)
    await rename(`${devFile}.new`, devFile)
  }

  function list(): RunningProcess[] {
    return processes.map(({ name, pid, port }) => ({ name, pid, port }))
  }
}

/** A `dev.json` that was left behind means a start that was killed: its processes are still ending. */
const LAST_ONE_ENDS_MS = 15_000

const exists = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  )
