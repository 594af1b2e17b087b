import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { adviseRedis, passwordOf } from './advised-redis.js'
import { eventually } from './eventually.js'
import { freePort } from './free-port.js'
import { launchRedis, type RedisProcess } from './redis-process.js'
import { type RedisServer, startRedis } from './redis-server.js'

/** A master with replicas that three Sentinels watch. */
export interface SentinelSystem extends AsyncDisposable {
  /** For `REDIS_URL`, of identity. */
  readonly url: string
  /** The data nodes; which of them is master changes. */
  readonly nodes: readonly RedisServer[]
  /** The Sentinels, in the order of the address. */
  readonly sentinels: readonly RedisProcess[]
  /** The node that the Sentinels call master. */
  master(): Promise<RedisServer>
  /** Resolves once another node than this one is master, and all that run follow it. */
  failedOver(from: RedisServer): Promise<RedisServer>
  /** Resolves once the master has so many replicas that are up to date. */
  replicated(replicas?: number): Promise<void>
}

const MASTER_NAME = 'main'

export interface SentinelOptions {
  /** @default 2 */
  readonly replicas?: number
  /** By which port everybody reaches the node at this one: clients, replicas and Sentinels. @default its own */
  readonly reachedAt?: (port: number) => Promise<number>
  /** With the settings and access rules of infra/sentinel, except for what it says of time. @default false */
  readonly advised?: boolean
}

/** A failover takes one to two seconds with these. */
export async function startSentinel(options: SentinelOptions = {}): Promise<SentinelSystem> {
  const closing: Array<() => unknown> = []
  const close = async () => {
    for (const end of closing.splice(0).toReversed()) await end()
  }
  try {
    return { ...(await start(options, closing)), [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

async function start(
  { replicas = 2, reachedAt = async (port) => port, advised: isAdvised = false }: SentinelOptions,
  closing: Array<() => unknown>,
) {
  const advised = isAdvised ? await adviseRedis() : null
  if (advised) closing.push(() => advised[Symbol.asyncDispose]())
  const operator = advised ? { username: 'operator', password: passwordOf('operator') } : {}
  const sentinelLogin = advised ? { password: passwordOf('sentinels') } : {}

  /** By the port by which it is reached. */
  const nodes = new Map<number, RedisServer>()

  async function addNode(settings: Readonly<Record<string, string>>): Promise<number> {
    const port = await freePort()
    const publicPort = await reachedAt(port)
    const server = await startRedis({
      appendonly: true,
      port,
      settings: {
        // Otherwise a replica is kept waiting for five seconds, in case that others come too.
        'repl-diskless-sync-delay': '0',
        'replica-announce-port': String(publicPort),
        ...advised?.settings,
        ...settings,
      },
    })
    closing.push(() => server[Symbol.asyncDispose]())
    nodes.set(publicPort, server)
    return publicPort
  }

  const first = await addNode({})
  for (let i = 0; i < replicas; i++) await addNode({ replicaof: `127.0.0.1 ${first}` })
  const dir = await mkdtemp(join(tmpdir(), 'curfew-sentinel-'))
  closing.push(() => rm(dir, { recursive: true, force: true }))
  const ports: number[] = []
  const processes: RedisProcess[] = []
  for (let i = 0; i < SENTINELS; i++) {
    const port = await freePort()
    const sentinel = await launchSentinel(join(dir, `${i}.conf`), port, first, advised?.sentinelLines)
    closing.push(() => sentinel.end('SIGKILL'))
    ports.push(port)
    processes.push(sentinel)
  }
  const sentinels = ports.map(
    (port) => new Redis({ port, host: '127.0.0.1', ...sentinelLogin, retryStrategy: () => 200 }),
  )
  for (const sentinel of sentinels) {
    sentinel.on('error', () => 'told by what is asked of it')
    closing.push(() => sentinel.disconnect())
    // They look every ten seconds otherwise.
    await sentinel.call('SENTINEL', 'DEBUG', ...PERIODS)
  }

  async function master(): Promise<RedisServer> {
    const address = await sentinels[0]?.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER_NAME)
    const port = Array.isArray(address) ? Number(address[1]) : 0
    const node = nodes.get(port)
    if (node === undefined) throw new Error(`no node of ours is the master at ${port}`)
    return node
  }

  async function replicated(wanted = replicas): Promise<void> {
    await eventually(async () => (await upToDate((await master()).port, operator)) >= wanted, PATIENT)
  }

  await replicated()
  await eventually(() => knowEachOther(sentinels), PATIENT)
  const [firstPort, ...others] = ports
  const more = others.map((port) => `sentinel=127.0.0.1:${port}`)
  if (advised) more.push(`sentinelPassword=${passwordOf('sentinels')}`)
  const login = advised ? `identity:${passwordOf('identity')}@` : ''
  return {
    url: `redis+sentinel://${login}127.0.0.1:${firstPort}/${MASTER_NAME}?${more.join('&')}`,
    nodes: [...nodes.values()],
    sentinels: processes,
    master,
    async failedOver(from: RedisServer) {
      await eventually(async () => (await master()) !== from, PATIENT)
      const next = await master()
      await eventually(() => isMaster(next.port, operator), PATIENT)
      return next
    },
    replicated,
  }
}

type Login = { readonly username?: string; readonly password?: string }

const SENTINELS = 3
const PERIODS = ['INFO-PERIOD', '200', 'PING-PERIOD', '200', 'PUBLISH-PERIOD', '200', 'ASK-PERIOD', '200']
const PATIENT = { within: 20_000 }

async function launchSentinel(
  file: string,
  port: number,
  masterPort: number,
  advised: readonly string[] = [],
): Promise<RedisProcess> {
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${MASTER_NAME} 600`,
    // An election that nobody wins is held again after twice that, and on a busy machine several are not won.
    `sentinel failover-timeout ${MASTER_NAME} 1000`,
    ...(advised.length > 0 ? advised : [`sentinel parallel-syncs ${MASTER_NAME} 2`]),
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  return launchRedis({ args: [file, '--sentinel'], port, readyWhen: '+monitor master', temporary: null })
}

/** A majority is needed for a failover: all three must have heard of each other. */
async function knowEachOther(sentinels: readonly Redis[]): Promise<boolean> {
  const answers = await Promise.all(sentinels.map((one) => one.call('SENTINEL', 'SENTINELS', MASTER_NAME)))
  return answers.every((others) => Array.isArray(others) && others.length === sentinels.length - 1)
}

/** Replicas that are connected to the node at this port, and have all that it has. */
async function upToDate(port: number, login: Login): Promise<number> {
  const info = await ask(port, login)
  const offset = Number(/^master_repl_offset:(\d+)/m.exec(info)?.[1])
  // The Sentinels' own messages are replicated too, so that one is always on its way.
  const isClose = ([, at]: RegExpExecArray) => offset - Number(at) < 4_096
  return [...info.matchAll(/^slave\d+:.*state=online,offset=(\d+)/gm)].filter(isClose).length
}

async function isMaster(port: number, login: Login): Promise<boolean> {
  return (await ask(port, login)).includes('role:master')
}

async function ask(port: number, login: Login): Promise<string> {
  const redis = new Redis({ port, host: '127.0.0.1', ...login, lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => 'it may be down')
  try {
    await redis.connect()
    return await redis.info('replication')
  } finally {
    redis.disconnect()
  }
}
