import { type DestinationStream, pino } from 'pino'
import { loggable } from './loggable.js'

export interface Log {
  debug(event: string, facts?: Facts): void
  info(event: string, facts?: Facts): void
  warn(event: string, facts?: Facts): void
  error(event: string, facts?: Facts): void
}

export type Facts = Readonly<Record<string, unknown>>

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
  const logger = destination ? pino(options, destination) : pino(options)
  return {
    debug: (event, facts) => {
      if (logger.isLevelEnabled('debug')) logger.debug({ event, ...loggable(facts) })
    },
    info: (event, facts) => logger.info({ event, ...loggable(facts) }),
    warn: (event, facts) => logger.warn({ event, ...loggable(facts) }),
    error: (event, facts) => logger.error({ event, ...loggable(facts) }),
  }
}
