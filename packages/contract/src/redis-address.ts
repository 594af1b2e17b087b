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
  readonly failoverDetector?: boolean
  readonly updateSentinels?: boolean
  readonly sentinelCommandTimeout?: number
  readonly sentinelRetryStrategy?: (attempt: number) => number
}

/** Whether it is the address of a Redis, of whatever kind. */
export function isRedisAddress(address: string): boolean {
  return connectionAt(address) !== null
}

/**
 * The address as options for ioredis.
 *
 * @throws {TypeError} when it is not one; the address, which may hold a password, is not in the message
 */
export function redisConnection(address: string | URL): RedisConnection {
  const connection = connectionAt(String(address))
  if (connection === null) throw new TypeError('that is not the address of a Redis')
  return connection
}

/**
 * Whether Redis says by this that it may not be the master any more: it is a replica, or has lost its own. Take
 * another connection then; who is behind Sentinels is led to the master.
 */
export function isMasterNoMore(error: Error): boolean {
  // Before Redis 7 a script that fails says so in words of its own around it.
  return /(?:^|-)(?:READONLY|NOREPLICAS) /.test(error.message)
}

function connectionAt(address: string): RedisConnection | null {
  if (!URL.canParse(address)) return null
  const url = new URL(address)
  const where = SCHEMES.get(url.protocol)?.(url) ?? null
  const username = decoded(url.username)
  const password = decoded(url.password)
  if (where === null || username === null || password === null) return null
  return {
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    ...where,
  }
}

const SCHEMES = new Map<string, (url: URL) => RedisConnection | null>([
  ['redis:', (url) => singleServer(url)],
  ['rediss:', (url) => singleServer(url, { tls: {} })],
  ['redis+sentinel:', (url) => watchedMaster(url)],
  [
    'rediss+sentinel:',
    (url) => watchedMaster(url, { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true }),
  ],
])

function singleServer(url: URL, security: RedisConnection = {}): RedisConnection | null {
  const server = endpoint(url.host, 6379)
  const db = databaseIn(url.pathname.slice(1))
  // What we don't know may be meant to make it safer: it is not passed over.
  if (server === null || db === null || url.search !== '') return null
  return { ...server, ...db, ...security }
}

function watchedMaster(url: URL, security: RedisConnection = {}): RedisConnection | null {
  const { searchParams } = url
  const name = decoded(url.pathname.slice(1))
  const db = databaseIn(searchParams.get('db') ?? '')
  const hosts = [url.host, ...searchParams.getAll('sentinel')]
  const sentinels = hosts.flatMap((host) => endpoint(host, 26_379) ?? [])
  if (!name || db === null || sentinels.length < hosts.length) return null
  if ([...searchParams.keys()].some((parameter) => !PARAMETERS.has(parameter))) return null

  const sentinelUsername = searchParams.get('sentinelUsername')
  const sentinelPassword = searchParams.get('sentinelPassword')
  return {
    name,
    sentinels,
    ...db,
    ...(sentinelUsername === null ? {} : { sentinelUsername }),
    ...(sentinelPassword === null ? {} : { sentinelPassword }),
    ...security,
    ...ASKING,
  }
}

const PARAMETERS = new Set(['sentinel', 'sentinelUsername', 'sentinelPassword', 'db'])

/** How Sentinels are asked where the master is: before each connection, one after the other. */
const ASKING = {
  // ioredis hangs up when a Sentinel tells of a new master; in the middle of connecting that is for good.
  // A Sentinel cuts the connections to a master that it makes a replica, and who asks gets READONLY.
  failoverDetector: false,
  // Those in the address, and no others that may not be reachable from here.
  updateSentinels: false,
  // One that hangs is passed over.
  sentinelCommandTimeout: 1_000,
  sentinelRetryStrategy: (attempt: number) => Math.min(50 * attempt, 500),
}

function databaseIn(text: string): { db?: number } | null {
  if (!/^\d*$/.test(text)) return null
  return Number(text) === 0 ? {} : { db: Number(text) }
}

/** `host`, `host:port`, `[::1]:port`. */
function endpoint(address: string, defaultPort: number): { host: string; port: number } | null {
  const [, ipv6, name, port = ''] =
    /^(?:\[([\da-f:.]+)\]|([^:[\]/@?#\s]+))(?::(\d{1,5}))?$/i.exec(address) ?? []
  const host = ipv6 ?? name
  if (host === undefined || Number(port) > 65_535) return null
  return { host, port: port === '' ? defaultPort : Number(port) }
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
