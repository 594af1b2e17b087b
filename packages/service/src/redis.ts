import { isMasterNoMore, redisConnection } from '@curfew/contract'
import { type ChainableCommander, Redis, type RedisOptions } from 'ioredis'
import type { Log } from './log.js'

export interface OpenRedisOptions extends Omit<RedisOptions, 'replyMapping'> {
  /** Names the connection in `CLIENT LIST` and in the log. */
  readonly name: string
  readonly log: Log
  /** How long the first connection may take, in milliseconds. @default 10_000 */
  readonly deadlineMs?: number
}

/**
 * Opens a connection for work inside requests: a command fails at once while Redis is away (the caller
 * answers 503, see `isStoreUnavailable`), and works again by itself once it is back.
 *
 * Nothing is queued and nothing is sent again on another connection, so a command is carried out once or
 * not at all, and a pipelined `WAIT` can't end behind another socket. A connection that blocks or
 * subscribes needs one of its own with other options.
 *
 * @throws {RedisUnreachable} when it was not ready within the deadline
 */
export async function openRedis(url: URL | string, options: OpenRedisOptions): Promise<Redis> {
  const { name, log, deadlineMs = 10_000, ...others } = options
  const redis: Redis = new Redis({
    ...redisConnection(url),
    connectionName: name,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(25 * times, 400) + Math.floor(Math.random() * 100),
    connectTimeout: 2_000,
    commandTimeout: 2_000,
    // A connection cut without a word would otherwise look alive until TCP gives up, many minutes later.
    socketTimeout: 5_000,
    // Once: each time that it hangs up ioredis leaves another listener on the socket.
    reconnectOnError: (error) => redis.stream.writable && isMasterNoMore(error),
    ...others,
  })
  const lastError = reportOutages(redis, name, log)

  if (await isReadyWithin(redis, deadlineMs)) return redis
  redis.disconnect()
  throw new RedisUnreachable(String(url), deadlineMs, lastError())
}

export class RedisUnreachable extends Error {
  constructor(url: string, deadlineMs: number, cause: Error | undefined) {
    const why = cause === undefined ? '' : ` (${reasonOf(cause)})`
    super(
      `${nameOf(url)} was not ready within ${deadlineMs / 1000} s${why}. Start it, or correct REDIS_URL.`,
      { cause },
    )
    this.name = 'RedisUnreachable'
  }
}

function nameOf(url: string): string {
  const { name, sentinels = [] } = redisConnection(url)
  if (name === undefined) return `Redis at ${new URL(url).host}`
  const watching = sentinels.map(({ host, port }) => `${host}:${port}`).join(', ')
  return `The master "${name}" of the Sentinels at ${watching}`
}

/**
 * Runs a `multi()` or `pipeline()` and throws the first error in it.
 *
 * ioredis resolves `exec()` with one `[error, reply]` pair per command, so a command that failed inside
 * a transaction goes unnoticed unless someone looks.
 */
export async function execAll(commands: ChainableCommander): Promise<unknown[]> {
  const results = await commands.exec()
  if (results === null) throw new Error('the transaction was given up: a watched key changed')
  return results.map(([error, reply]) => {
    if (error) throw error
    return reply
  })
}

/** Whether the error says that Redis can't be asked right now, rather than that we asked wrongly. */
export function isStoreUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code: unknown = Reflect.get(error, 'code')
  if (typeof code === 'string' && CONNECTION_CODES.has(code)) return true
  return CONNECTION_NAMES.has(error.name) || CONNECTION_MESSAGE.test(error.message)
}

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

const CONNECTION_NAMES = new Set(['MaxRetriesPerRequestError', 'ClusterAllFailedError', 'RedisUnreachable'])

/** The words of ioredis, then the first words of Redis' own replies. */
const CONNECTION_MESSAGE = new RegExp(
  [
    '^Connection is closed',
    '^Stream isn.t writeable',
    '^Command timed out',
    '^Command aborted due to connection close',
    '^Socket timeout',
    '^connect ETIMEDOUT',
    '^All sentinels are unreachable',
    '^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|MISCONF|UNBLOCKED|BUSY|OOM|NOAUTH|WRONGPASS) ',
  ].join('|'),
)

/** One line when Redis goes and one when it is back, however many attempts lie between. */
function reportOutages(redis: Redis, name: string, log: Log): () => Error | undefined {
  let since: number | undefined
  let lastError: Error | undefined
  let sentinelError: Error | undefined
  const begin = (facts: Record<string, unknown>) => {
    if (since !== undefined) return
    since = performance.now()
    log.warn('redis.lost', { connection: name, ...facts })
  }
  redis.on('error', (error: Error) => {
    lastError = error
    begin({ error })
  })
  // Why a Sentinel is of no use: ioredis then says of them all that they are unreachable.
  redis.on('sentinelError', (error: Error) => {
    sentinelError = error
  })
  redis.on('reconnecting', () => begin({}))
  redis.on('ready', () => {
    if (since !== undefined)
      log.info('redis.restored', { connection: name, ms: Math.round(performance.now() - since) })
    since = undefined
    sentinelError = undefined
  })
  return () => sentinelError ?? lastError
}

async function isReadyWithin(redis: Redis, deadlineMs: number): Promise<boolean> {
  if (redis.status === 'ready') return true
  return new Promise((resolve) => {
    const onReady = () => settle(true)
    const timer = setTimeout(() => settle(false), deadlineMs)
    redis.once('ready', onReady)
    function settle(isReady: boolean) {
      clearTimeout(timer)
      redis.off('ready', onReady)
      resolve(isReady)
    }
  })
}

const reasonOf = (error: Error & { code?: string }) => error.message || error.code || error.name
