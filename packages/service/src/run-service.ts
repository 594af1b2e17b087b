import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type Koa from 'koa'
import { drain, trackRequests } from './drain.js'
import type { CommonConfig } from './env.js'
import { exitWith, isForTheOperator, readConfigOrExit } from './exit.js'
import { askReady } from './health.js'
import { listen, portOf } from './listen.js'
import { createLog, type Log } from './log.js'
import { refuseStrangeTargets } from './request-target.js'

export interface ServiceDefinition<Config extends CommonConfig> {
  readonly name: string
  /** @throws {ConfigInvalid} */
  readonly readConfig: (env: NodeJS.ProcessEnv) => Config
  /** Opens what the service needs and assembles it; must not listen. */
  readonly build: (config: Config, log: Log) => Promise<RunningService> | RunningService
}

export interface RunningService {
  readonly app: Koa
  /** Asked once after listening, for the log. */
  readonly ready?: () => Promise<true | string>
  /** Ends what keeps requests open. Event streams are ended without it. */
  readonly drain?: () => Promise<void> | void
  /** Closes connections and gives things back, after the last request was answered. */
  readonly stop?: () => Promise<void> | void
  readonly onUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
}

/**
 * What every `main.ts` calls: the life of a service's process.
 *
 * - `--check-config` checks the configuration and ends: 0, or 1 with one line for each problem.
 * - Anything that is wrong at the start is one sentence on standard error, and exit code 1.
 * - SIGTERM, SIGINT, and the end of a parent that holds an IPC channel: no new connections, event streams
 *   ended, requests under way finished within 10 s, `stop`, exit code 0. Further signals change nothing:
 *   a Ctrl-C in a terminal reaches every process, and then the one that started us sends its own.
 * - A rejection or error that nobody handled is logged and ends the process with 1: its state is unknown.
 */
export async function runService<Config extends CommonConfig>(
  definition: ServiceDefinition<Config>,
): Promise<void> {
  const config = readConfigOrExit(definition.name, definition.readConfig)
  if (process.argv.includes('--check-config')) return

  const log = createLog({ service: definition.name, instance: config.INSTANCE, level: config.LOG_LEVEL })
  endOnUnhandled(log)
  const onEnd = endOnSignal(log)
  try {
    await start(definition, config, log, onEnd)
  } catch (error) {
    log.error('service.failed', { error })
    exitWith(isForTheOperator(error) ? error.message : `${definition.name} could not start, see the log`)
  }
}

async function start<Config extends CommonConfig>(
  { build }: ServiceDefinition<Config>,
  config: Config,
  log: Log,
  onEnd: (end: () => Promise<void>) => void,
): Promise<void> {
  const service = await build(config, log)
  const { app } = service
  // Without a limit Koa takes the first address that the header names, which the caller wrote.
  app.proxy = config.PROXY_HOPS > 0
  app.maxIpsCount = config.PROXY_HOPS
  app.on('error', (error: unknown) => {
    if (isClientGone(error)) log.debug('response.aborted', { error })
    else log.warn('response.broken', { error })
  })

  const requests = trackRequests(refuseStrangeTargets(app.callback()))
  const servers = await listen(requests.handler, config.HOST, config.PORT)
  if (service.onUpgrade) for (const server of servers) server.on('upgrade', service.onUpgrade)
  onEnd(() => drain({ servers, requests, service, log }))

  log.info('service.listening', { port: servers.map(portOf)[0], host: config.HOST, pid: process.pid })
  const ready = service.ready === undefined || (await askReady(service.ready))
  if (ready !== true) log.warn('service.not-ready', { reason: ready })
}

/** @returns takes what has to be done first, once there is something to end */
function endOnSignal(log: Log): (end: () => Promise<void>) => void {
  let end = async () => {}
  let isEnding = false
  const begin = () => {
    if (isEnding) return
    isEnding = true
    setTimeout(() => {
      log.error('service.stuck', { afterMs: LONGEST_END_MS })
      process.exit(1)
    }, LONGEST_END_MS).unref()
    end().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error('service.stop-failed', { error })
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', begin)
  process.on('SIGINT', begin)
  // Started by another process: when that one dies, however it dies, the channel closes.
  if (process.connected) process.on('disconnect', begin)
  return (task) => {
    end = task
  }
}

/** Requests have 10 s of it, see `drain`. */
const LONGEST_END_MS = 15_000

function endOnUnhandled(log: Log): void {
  for (const cause of ['uncaughtException', 'unhandledRejection']) {
    process.on(cause, (error: unknown) => {
      log.error('process.crashed', { cause, error })
      process.exit(1)
    })
  }
}

function isClientGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && CLIENT_GONE.has(String(error.code))
}

const CLIENT_GONE = new Set([
  'ECONNABORTED',
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'HPE_INVALID_EOF_STATE',
])
