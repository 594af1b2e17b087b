import { keysOf, parseMember } from '@curfew/contract'
import { deferred, freshNamespace, openHistory, redisUrl } from '@curfew/testing'
import { Redis } from 'ioredis'
import * as assert from 'uvu/assert'
import type { Hello } from '../following.js'
import { createStoreLink, type StoreLinkOptions } from '../store-link.js'

/** What is said by who knows of nothing. */
export const NEW: Hello = { history: null, applied: 0, acknowledged: 0, hooksFailed: [], opens: null }

export interface GivenStoreLinkOptions
  extends Partial<Omit<StoreLinkOptions, 'keys' | 'instance' | 'service'>> {
  /** Where the test's own connections lead to, however the link gets there. */
  readonly ownUrl?: string
}

/** The wires of a guard that is called projects-1, ready and listening, and connections of the test's own. */
export async function givenStoreLink(options: GivenStoreLinkOptions = {}) {
  const ownUrl = options.ownUrl ?? (await redisUrl())
  const namespace = freshNamespace()
  const keys = keysOf(namespace)
  const [redis, ears] = [new Redis(ownUrl), new Redis(ownUrl)]
  await openHistory(redis, namespace)
  const ready = deferred<void>()
  const link = createStoreLink({
    redisUrl: ownUrl,
    version: '2.4.1',
    leaseMs: 4_000,
    commandTimeoutMs: 2_000,
    onSignOff: () => undefined,
    onError: (error) => assert.unreachable(error.message),
    ...options,
    keys,
    instance: 'projects-1',
    service: 'projects',
    onConnected() {
      options.onConnected?.()
      ready.resolve()
    },
  })
  link.open()
  await ready.promise

  return {
    namespace,
    keys,
    redis,
    link,
    async row() {
      const json = await redis.hget(keys.members, 'projects-1')
      return json === null ? null : parseMember('projects-1', json)
    },
    /** Redis was in use in another history, which was opened at a head. */
    async openedBefore(history: string, head: number) {
      await redis.hset(keys.history, 'opened', history, 'openedAt', head)
      await redis.set(keys.sequence, head)
    },
    /** What is acknowledged from now on. */
    async acknowledgements(): Promise<string[]> {
      const told: string[] = []
      ears.on('message', (_channel, message: string) => told.push(message))
      await ears.subscribe(keys.channels.acknowledgements)
      return told
    },
    async [Symbol.asyncDispose]() {
      await link.close()
      for (const one of [redis, ears]) one.disconnect()
    },
  }
}
