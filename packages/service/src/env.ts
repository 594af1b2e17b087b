import { readFileSync } from 'node:fs'
import { DEFAULT_LEASE_MS, instanceName, isRedisAddress } from '@curfew/contract'

/**
 * Reads configuration from the environment, once, at the start of `main`.
 *
 * All problems are reported together, so that a deploy fails once and not five times. A secret may
 * stand in a file instead, named by `NAME_FILE`; its value is in no message.
 *
 * @throws {ConfigInvalid} with one sentence for each problem, that says what to do
 */
export function readEnv<T extends Readers>(env: NodeJS.ProcessEnv, readers: T): Env<T> {
  const problems: string[] = []
  const values = Object.entries(readers).map(([name, read]) => {
    try {
      return [name, read(rawValue(env, name, read))]
    } catch (error) {
      problems.push(`${name} ${sentenceOf(error)}${quoted(env[name], read)}`)
      return [name, undefined]
    }
  })
  if (problems.length > 0) throw new ConfigInvalid(problems)
  return Object.freeze(Object.fromEntries(values))
}

/** Turns the raw text of a variable ('' when it is not set) into its value, or throws "must be …". */
export interface Reader<T> {
  (raw: string): T
  /** The value may be read from the file that `NAME_FILE` names, and is never printed. */
  readonly isSecret?: boolean
}

export type Readers = Readonly<Record<string, Reader<unknown>>>

export type Env<T extends Readers> = { readonly [Name in keyof T]: ReturnType<T[Name]> }

export class ConfigInvalid extends Error {
  /** One sentence for each, without the "invalid configuration" in front. */
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`invalid configuration:\n  ${problems.join('\n  ')}`)
    this.name = 'ConfigInvalid'
    this.problems = problems
  }
}

export type CommonConfig = Env<ReturnType<typeof commonReaders>>

/**
 * What every service reads. A service spreads these into its own readers, in its config.ts.
 *
 * | variable      | default               | meaning                                                          |
 * | ------------- | --------------------- | ---------------------------------------------------------------- |
 * | `PORT`        |                       | where to listen; 0 takes any free port                           |
 * | `HOST`        | `127.0.0.1`           | address to listen on; `localhost` means IPv4 and IPv6            |
 * | `PUBLIC_URL`  |                       | the one address that browsers use                                |
 * | `REDIS_URL`   |                       | `redis://`, `rediss://` or `redis+sentinel://`; also as `REDIS_URL_FILE` |
 * | `NAMESPACE`   | `curfew`              | first part of every Redis key and channel                        |
 * | `INSTANCE`    | the service's name    | begins the name of this process in receipts, logs and the console |
 * | `VERSION`     |                       | what runs, a release or a commit: shown in the list of instances |
 * | `PROXY_HOPS`  | `0`                   | how many reverse proxies in front are trusted to name the caller |
 * | `LEASE_MS`    | `5000`                | how long memory may be answered from after Redis was last heard  |
 * | `SERVE_SIGNED_OFF_USERS_FOR_MS` | `0` | how much longer memory is answered from while Redis is away; every sign-off then takes so much longer at worst |
 * | `LOG_LEVEL`   | `info`                | `debug`, `info`, `warn`, `error`                                 |
 */
export const commonReaders = (serviceName: string) => ({
  PORT: port(),
  HOST: text('127.0.0.1'),
  PUBLIC_URL: publicUrl(),
  REDIS_URL: redisUrl(),
  NAMESPACE: word('curfew'),
  INSTANCE: instance(serviceName),
  VERSION: text(''),
  PROXY_HOPS: count(0),
  LEASE_MS: milliseconds(DEFAULT_LEASE_MS),
  SERVE_SIGNED_OFF_USERS_FOR_MS: count(0),
  LOG_LEVEL: logLevel(),
})

export const logLevel = () => oneOf(['debug', 'info', 'warn', 'error'], 'info')

/**
 * The name of this process: a word, and random digits for each start. A new process must never be taken
 * for its predecessor, which may be paused and not dead.
 */
export const instance = (serviceName: string): Reader<string> => {
  const name = word(serviceName)
  return (raw) => instanceName(name(raw))
}

export const port = (fallback?: number): Reader<number> =>
  wholeNumber('a port from 0 to 65535', 0, 65_535, fallback)

export const seconds = (fallback?: number): Reader<number> =>
  wholeNumber('a whole number of seconds above zero', 1, Number.MAX_SAFE_INTEGER / 1000, fallback)

/** No more than a century: a date that far away any database can have. */
export const days = (fallback?: number): Reader<number> =>
  wholeNumber('a whole number of days from 1 to 36500', 1, 36_500, fallback)

export const milliseconds = (fallback?: number): Reader<number> =>
  wholeNumber('a whole number of milliseconds above zero', 1, Number.MAX_SAFE_INTEGER, fallback)

/** Zero or more. */
export const count = (fallback?: number): Reader<number> =>
  wholeNumber('a whole number, zero or more', 0, Number.MAX_SAFE_INTEGER, fallback)

export const countAboveZero = (fallback?: number): Reader<number> =>
  wholeNumber('a whole number above zero', 1, Number.MAX_SAFE_INTEGER, fallback)

/**
 * A size in bytes, such as `10GB`; without a unit it is bytes. kB, MB, GB and TB are powers of 1000, KiB to TiB of 1024.
 *
 * @param least as it may be written: what is smaller was written by mistake
 */
export const bytes = (least: string): Reader<number> =>
  reader(undefined, `must be a size of ${least} or more, such as 500MB or 10GB`, (raw) => {
    const size = bytesOf(raw)
    return size >= bytesOf(least) && size <= Number.MAX_SAFE_INTEGER ? size : undefined
  })

/** Letters, digits, `.`, `_` and `-`: safe in a key, a file name and a log line. */
export const word = (fallback?: string): Reader<string> =>
  reader(fallback, 'must be one word of letters, digits, ".", "_" and "-"', (raw) =>
    /^[A-Za-z0-9][\w.-]*$/.test(raw) ? raw : undefined,
  )

export const text = (fallback?: string): Reader<string> => reader(fallback, 'must not be empty', (raw) => raw)

export const oneOf = <const Choice extends string>(
  choices: readonly Choice[],
  fallback?: NoInfer<Choice>,
): Reader<Choice> =>
  reader(fallback, `must be one of ${choices.join(', ')}`, (raw) => choices.find((choice) => choice === raw))

/** Any absolute URL. One that may hold a password needs a reader that is a secret, as `redisUrl` is. */
export const url = (fallback?: string): Reader<URL> => urlReader(fallback, 'an absolute URL', () => true)

export const httpUrl = (fallback?: string): Reader<URL> =>
  urlReader(fallback, 'an absolute http:// or https:// URL', isHttp)

/** The address of the one domain. Plain http only on this machine: elsewhere it would give the cookie away. */
export const publicUrl = (fallback?: string): Reader<URL> =>
  urlReader(
    fallback,
    'the address that browsers use, https://name without a path (http:// only for localhost)',
    (value) =>
      isHttp(value) &&
      value.href === `${value.origin}/` &&
      (value.protocol === 'https:' || LOOPBACK.has(value.hostname)),
  )

export const redisUrl = (fallback?: string): Reader<URL> =>
  secretly(
    urlReader(fallback, 'a Redis address such as redis://127.0.0.1:6379', ({ href }) => isRedisAddress(href)),
  )

/** At least `bytes` random bytes, base64 or base64url. */
export const secret = (bytes: number): Reader<Buffer> => secretly((raw) => keyOf(raw, bytes))

/** A ring of such secrets, separated by commas: the first makes, all of them check. */
export const secrets = (bytes: number): Reader<readonly Buffer[]> =>
  secretly((raw) => Object.freeze(raw.split(',').map((part) => keyOf(part.trim(), bytes))))

/** Makes a reader that answers undefined for a variable that is not set. */
export const optional = <T>(read: Reader<T>): Reader<T | undefined> => {
  const readIfSet = (raw: string) => (raw === '' ? undefined : read(raw))
  return read.isSecret ? secretly(readIfSet) : readIfSet
}

/** Declares the value a secret: read from `NAME_FILE` too, and never printed. */
export const secretly = <T>(read: (raw: string) => T): Reader<T> =>
  Object.assign((raw: string) => read(raw), { isSecret: true })

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

const isHttp = ({ protocol }: URL) => protocol === 'http:' || protocol === 'https:'

function reader<T>(
  fallback: T | undefined,
  sentence: string,
  read: (raw: string) => T | undefined,
): Reader<T> {
  return (raw) => {
    if (raw === '' && fallback !== undefined) return fallback
    const value = raw === '' ? undefined : read(raw)
    if (value === undefined) throw new Error(sentence)
    return value
  }
}

const wholeNumber = (what: string, least: number, most: number, fallback?: number): Reader<number> =>
  reader(fallback, `must be ${what}`, (raw) => {
    const value = Number(raw)
    return /^\d+$/.test(raw) && value >= least && value <= most ? value : undefined
  })

/** Not a number when it is no size. */
function bytesOf(raw: string): number {
  const [, amount, prefix = '', binary] = /^(\d+(?:\.\d+)?) ?(?:([kmgt])(i?))?b?$/i.exec(raw) ?? []
  const power = ' kmgt'.indexOf(prefix.toLowerCase() || ' ')
  return Math.floor(Number(amount) * (binary ? 1_024 : 1_000) ** power)
}

function urlReader(
  fallback: string | undefined,
  what: string,
  accepts: (value: URL) => boolean,
): Reader<URL> {
  return reader(fallback === undefined ? undefined : new URL(fallback), `must be ${what}`, (raw) =>
    URL.canParse(raw) && accepts(new URL(raw)) ? new URL(raw) : undefined,
  )
}

function keyOf(raw: string, bytes: number): Buffer {
  const key = Buffer.from(raw, 'base64url')
  // Node skips characters that are not base64, and would make a short key of a passphrase.
  if (!/^[\w+/-]+={0,2}$/.test(raw) || key.length < bytes) {
    throw new Error(
      `must hold at least ${bytes} random bytes of base64url: make one with ` +
        `node -p "crypto.randomBytes(${bytes}).toString('base64url')"`,
    )
  }
  // 32 random bytes have 30 different values; 'aaaa…' or a repeated word have few.
  if (new Set(key).size * 2 < Math.min(bytes, 128)) throw new Error('is not random: it repeats itself')
  return key
}

function rawValue(env: NodeJS.ProcessEnv, name: string, read: Reader<unknown>): string {
  const raw = env[name] ?? ''
  const file = read.isSecret ? (env[`${name}_FILE`] ?? '') : ''
  if (file === '') return raw.trim()
  if (raw !== '') throw new Error(`is set twice: keep ${name} or ${name}_FILE`)
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new Error(`can't be read from the file that ${name}_FILE names`, { cause: error })
  }
}

const sentenceOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

function quoted(raw: string | undefined, read: Reader<unknown>): string {
  if (read.isSecret) return ''
  return raw === undefined || raw === '' ? ' (it is not set)' : ` (it is ${JSON.stringify(raw)})`
}
