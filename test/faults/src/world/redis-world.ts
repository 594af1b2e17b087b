import { type RedisServer, type SentinelSystem, startRedis, startSentinel } from '@curfew/testing'
import { Redis } from 'ioredis'
import { createDisposal } from './disposal.js'
import { createTcpProxy, type TcpProxy } from './tcp-proxy.js'

/** The Redis of a run, as faults reach it. */
export type RedisWorld = SingleRedis | SentinelRedis

interface AnyRedis extends AsyncDisposable {
  /** For REDIS_URL, where no proxy stands in between. */
  readonly url: string
  /** How many data nodes there are besides the master. */
  readonly replicas: number
  /** Runs `work` on a connection of its own to the master, that no fault of the network touches. */
  ask<T>(work: (redis: Redis) => Promise<T>): Promise<T>
}

export interface SingleRedis extends AnyRedis {
  readonly profile: 'single'
  readonly server: RedisServer
}

export interface SentinelRedis extends AnyRedis {
  readonly profile: 'sentinel'
  readonly system: SentinelSystem
  /** What everybody reaches a node through: clients, replicas and Sentinels. */
  proxyOf(node: RedisServer): TcpProxy
}

export function startRedisOf(profile: RedisWorld['profile']): Promise<RedisWorld> {
  return profile === 'single' ? startSingleRedis() : startSentinelRedis()
}

/** Profile S: one Redis, everything synced before it answers, its files kept over every crash. */
async function startSingleRedis(): Promise<SingleRedis> {
  const server = await startRedis({ appendonly: true })
  return {
    profile: 'single',
    url: server.url,
    replicas: 0,
    server,
    ask: (work) => ask(server, work),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** Profile A: a master with two replicas, and three Sentinels. */
async function startSentinelRedis(): Promise<SentinelRedis> {
  const { use, disposeAll } = createDisposal()
  const proxies = new Map<number, TcpProxy>()
  try {
    const system = await startSentinel({
      async reachedAt(port) {
        const proxy = use(await createTcpProxy(port))
        proxies.set(port, proxy)
        return proxy.port
      },
    })
    use(system)
    return {
      profile: 'sentinel',
      url: system.url,
      replicas: system.nodes.length - 1,
      system,
      proxyOf({ port }) {
        const proxy = proxies.get(port)
        if (proxy === undefined) throw new TypeError(`no node of ours is at ${port}`)
        return proxy
      },
      ask: async (work) => ask(await system.master(), work),
      [Symbol.asyncDispose]: disposeAll,
    }
  } catch (error) {
    await disposeAll()
    throw error
  }
}

async function ask<T>({ url }: RedisServer, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, commandTimeout: 10_000 })
  redis.on('error', (error) => console.error(String(error)))
  try {
    return await work(redis)
  } finally {
    redis.disconnect()
  }
}
