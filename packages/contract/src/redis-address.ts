/**
 * Where Redis is, as one address, so that one setting is enough for every service and every language.
 *
 * | address                                                                        | means                              |
 * | ------------------------------------------------------------------------------ | ---------------------------------- |
 * | `redis://user:password@host:6379/0`                                            | one Redis; `rediss://` over TLS    |
 * | `redis+sentinel://user:password@host:26379/name?sentinel=host2:26379&sentinel=…` | the master `name` that these Sentinels watch; `rediss+sentinel://` over TLS |
 *
 * With Sentinel, user and password are those of the data nodes, `sentinelPassword=` (and `sentinelUsername=`)
 * those of the Sentinels, `db=` is the number of the database.
 */
export interface RedisConnection {
  readonly host?: string
  readonly port?: number
  readonly username?: string
  readonly password?: string
  readonly db?: number
  readonly tls?: object
  /** The name of the master, and who watches it. */
  readonly name?: string
  readonly sentinels?: Array<{ host: string; port: number }>
  readonly sentinelUsername?: string
  readonly sentinelPassword?: string
  readonly sentinelTLS?: object
  readonly enableTLSForSentinelMode?: boolean
  /** Takes another connection as soon as a Sentinel says that the master is another one. */
  readonly failoverDetector?: boolean
  readonly sentinelRetryStrategy?: (attempt: number) => number
  readonly sentinelReconnectStrategy?: (attempt: number) => number
}

const SCHEMES = new Set(['redis:', 'rediss:', 'redis+sentinel:', 'rediss+sentinel:'])

/** Whether it is the address of a Redis, of whatever kind. */
export function isRedisAddress(address: string): boolean {
  if (!URL.canParse(address)) return false
  const url = new URL(address)
  if (!SCHEMES.has(url.protocol) || url.hostname === '') return false
  return !isSentinel(url) || (masterName(url) !== '' && sentinelsIn(url).every(({ port }) => port > 0))
}

/**
 * The address as options for ioredis.
 *
 * @throws {TypeError} when it is not one; the address, which may hold a password, is not in the message
 */
export function redisConnection(address: string | URL): RedisConnection {
  if (!isRedisAddress(String(address))) throw new TypeError('that is not the address of a Redis')
  const url = new URL(address)
  const { username, password } = url
  return {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(isSentinel(url) ? watchedMaster(url) : singleServer(url)),
  }
}

function singleServer(url: URL): RedisConnection {
  const db = Number(url.pathname.slice(1) || 0)
  return {
    ...endpoint(url.host, 6379),
    ...(db === 0 ? {} : { db }),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  }
}

function watchedMaster(url: URL): RedisConnection {
  const { searchParams } = url
  const sentinelUsername = searchParams.get('sentinelUsername')
  const sentinelPassword = searchParams.get('sentinelPassword')
  const db = Number(searchParams.get('db') ?? 0)
  return {
    name: masterName(url),
    sentinels: sentinelsIn(url),
    ...(db === 0 ? {} : { db }),
    ...(sentinelUsername === null ? {} : { sentinelUsername }),
    ...(sentinelPassword === null ? {} : { sentinelPassword }),
    ...(url.protocol === 'rediss+sentinel:'
      ? { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true }
      : {}),
    failoverDetector: true,
    sentinelRetryStrategy: soon,
    sentinelReconnectStrategy: soon,
  }
}

const isSentinel = ({ protocol }: URL) => protocol.endsWith('+sentinel:')

const masterName = ({ pathname }: URL) => decodeURIComponent(pathname.slice(1))

const sentinelsIn = (url: URL) =>
  [url.host, ...url.searchParams.getAll('sentinel')].map((host) => endpoint(host, 26_379))

const soon = (attempt: number) => Math.min(50 * attempt, 500)

/** `host`, `host:port`, `[::1]:port`. */
function endpoint(host: string, defaultPort: number): { host: string; port: number } {
  const [, name = '', port = ''] = /^(.*?)(?::(\d+))?$/.exec(host) ?? []
  return { host: name.replace(/^\[|\]$/g, ''), port: port === '' ? defaultPort : Number(port) }
}
