import { type DestinationStream, pino } from 'pino'
import { type Facts, loggable } from './loggable.js'

export type { Facts } from './loggable.js'

export interface Log {
  debug(event: string, facts?: Facts): void
  info(event: string, facts?: Facts): void
  warn(event: string, facts?: Facts): void
  error(event: string, facts?: Facts): void
}

export type LogLevel = keyof Log

export interface LogOptions {
  readonly service: string
  readonly instance: string
  readonly level: LogLevel
  /** @default standard output */
  readonly destination?: DestinationStream
}

/**
 * One JSON object a line: `{"level":"info","time":"…","service":"…","instance":"…","event":"session.created",…}`.
 *
 * Events are `noun.past-participle`. An error among the facts is written with its stack and causes. What
 * is named like a secret is left out, and so are the query values of every URL: see `loggable`.
 */
export function createLog({ service, instance, level, destination }: LogOptions): Log {
  const options = {
    level,
    base: { service, instance },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const logger = pino(options, destination ?? STANDARD_OUTPUT)
  const line = (event: string, facts?: Facts) => Object.assign({ event }, loggable(facts), { event })
  return {
    debug: (event, facts) => {
      if (logger.isLevelEnabled('debug')) logger.debug(line(event, facts))
    },
    info: (event, facts) => logger.info(line(event, facts)),
    warn: (event, facts) => logger.warn(line(event, facts)),
    error: (event, facts) => logger.error(line(event, facts)),
  }
}

/** Written at once: what a process says just before it ends is what one looks for. */
const STANDARD_OUTPUT = pino.destination({ fd: 1, sync: true })
