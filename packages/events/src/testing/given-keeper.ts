import { keysOf } from '@curfew/contract'
import { deferred, eventually, freshNamespace, startRedis } from '@curfew/testing'
import { Redis } from 'ioredis'
import { createKeeper, type KeeperOptions } from '../keeper.js'
import type { LogStore } from '../store/log-store.js'
import { givenFact } from './given-events.js'
import { givenStore } from './given-store.js'

/** A Redis of its own, which the test may stop, and an empty store. */
export async function givenStream() {
  const server = await startRedis({ appendonly: true })
  const namespace = freshNamespace()
  const key = keysOf(namespace).log
  const redis = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 20 })
  redis.on('error', () => undefined) // the test stops Redis on purpose
  const { store, file, ...given } = await givenStore()
  return {
    server,
    namespace,
    redis,
    key,
    store,
    file,
    async facts(count: number): Promise<string[]> {
      const ids: string[] = []
      for (let i = 0; i < count; i++) ids.push((await givenFact(redis, namespace)).id)
      return ids
    },
    /** The ids of the events that are kept, oldest first. */
    kept(): Promise<string[]> {
      return this.keptOr()
    },
    /** The same, with the type instead of the id for events of this type. */
    async keptOr(type?: string): Promise<string[]> {
      const ids: string[] = []
      for (let position = 0; ; ) {
        const entries = await store.after(position, 1_000)
        ids.push(...entries.map(({ event }) => (event.type === type ? type : event.id)))
        position = entries.at(-1)?.position ?? position
        if (entries.length < 1_000) return ids
      }
    },
    /** Until so many are kept. */
    isKept: (count: number) => eventually(async () => (await store.size()).entries >= count, WITHIN),
    async [Symbol.asyncDispose]() {
      redis.disconnect()
      await given[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

const WITHIN = { within: 20_000 }

export type GivenStream = Awaited<ReturnType<typeof givenStream>>

/** A keeper, and what it has told. */
export function keep({ server, redis, key, store }: GivenStream, changes: Partial<KeeperOptions> = {}) {
  const told: string[] = []
  const keeper = createKeeper({
    redisUrl: server.url,
    key,
    store,
    onUnreadable: (id) => told.push(`unreadable ${id}`),
    onGap: ({ after, before, reason = 'forgotten' }) => told.push(`gap ${after} ${before} ${reason}`),
    onError: () => undefined,
    ...changes,
  })
  keeper.open()
  return {
    told,
    keeper,
    /** Until it stands at the newest entry of the stream, whose id this is. */
    async isAtNewest() {
      const [[newest] = []] = await redis.xrevrange(key, '+', '-', 'COUNT', 1)
      await eventually(() => keeper.place()?.upTo === newest, WITHIN)
      return newest
    },
    [Symbol.asyncDispose]: keeper.close,
  }
}

/** A store that takes its time to append, or does not append at all. */
export function hinderedStore({ append, appendAfter, cursor }: LogStore) {
  let gate = deferred()
  let waiting = 0
  let fails = false
  gate.resolve()
  const hinder = async () => {
    waiting++
    await gate.promise
    waiting--
    if (fails) throw new Error('the disk is full')
  }
  return {
    store: {
      cursor,
      append: (...batch: Parameters<LogStore['append']>) => hinder().then(() => append(...batch)),
      appendAfter: (...batch: Parameters<LogStore['appendAfter']>) =>
        hinder().then(() => appendAfter(...batch)),
    },
    hold() {
      gate = deferred()
    },
    release: () => gate.resolve(),
    /** Until somebody waits to append. */
    isHeld: () => eventually(() => waiting > 0, WITHIN),
    fail(does: boolean) {
      fails = does
    },
  }
}
