import { keysOf, randomSessionId, sessionCookieName } from '@curfew/contract'
import { eventually, freshNamespace, openFirstHistory, redisUrl, startRedisProxy } from '@curfew/testing'
import { Redis } from 'ioredis'
import { createFollower } from '../follower.js'
import { createGuard, type GuardOptions } from '../guard.js'
import { createSessionCache } from '../session-cache.js'
import { createSessionLookup } from '../session-lookup.js'
import { createStoreLink } from '../store-link.js'
import { createUseReports } from '../use-reports.js'
import { listenForJoining } from './joining.js'

/** A guard whose way to Redis can be held up, and a connection of the test's own that can't. */
export async function givenGuardBehindProxy(options: Partial<GuardOptions> = {}) {
  const url = options.redisUrl ?? (await redisUrl())
  const world = await openWorld(url, options.namespace)
  const joining = await listenForJoining(url, world.namespace)
  const guard = createGuard({
    service: 'projects',
    publicUrl: PUBLIC_URL,
    ...options,
    namespace: world.namespace,
    redisUrl: world.proxy.url,
  })
  // By itself it tries again only after a quarter of a lease, where the connection that listens is there first.
  await eventually(() => guard.renew())
  await eventually(() => guard.stats().listening)
  await joining.by(guard.instance)
  // From now on Redis knows the script, so that a read is one command.
  await guard.decide(`curfew=${randomSessionId(0)}`)
  return {
    ...world,
    guard,
    /** What the instance acknowledges from now on, in the order in which it does. */
    async acknowledged(): Promise<number[]> {
      const heard: number[] = []
      world.ears.on('message', (_channel, message: string) => {
        const [instance, , sequence] = message.split(' ')
        if (instance === guard.instance) heard.push(Number(sequence))
      })
      await world.ears.subscribe(world.keys.channels.acknowledgements)
      return heard
    },
    async [Symbol.asyncDispose]() {
      world.proxy.pass('commands', 'answers', 'messages')
      await guard.close()
      await world[Symbol.asyncDispose]()
    },
  }
}

export interface PatientLookupOptions {
  readonly leaseMs: number
  /** Happens while the answer of each read is on its way. */
  readonly beforeAnswer?: () => Promise<void>
}

/**
 * The parts of a guard that find a session, which renew nothing by themselves and wait for answers as long
 * as it takes: so that an answer can come later than a lease, which a guard's own timeouts rule out.
 */
export async function givenPatientLookup({ leaseMs, beforeAnswer }: PatientLookupOptions) {
  const world = await openWorld(await redisUrl())
  const ignore = (error: unknown) => world.errors.push(error)
  const cache = createSessionCache(100)
  const link = createStoreLink({
    redisUrl: world.proxy.url,
    keys: world.keys,
    instance: 'projects-1',
    service: 'projects',
    version: '',
    leaseMs,
    commandTimeoutMs: 60_000,
    onSignOff: (history, signOff) => follower.hear(history, signOff),
    onConnected: () => 'nothing is renewed',
    onError: ignore,
  })
  const follower = createFollower({
    link,
    leaseMs,
    renewalMs: 60_000,
    drop: (signOff) => (signOff === 'everything' ? cache.clear() : cache.dropCovered(signOff.target)),
    onBehind: ignore,
    onError: ignore,
  })
  const { decide } = createSessionLookup({
    cookieName: sessionCookieName(PUBLIC_URL),
    cache,
    follower,
    link: {
      async read(ref) {
        const answer = await link.read(ref)
        await beforeAnswer?.()
        return answer
      },
    },
    reports: createUseReports(link.reportUse, () => performance.now(), ignore),
    onError: ignore,
  })
  link.open()
  await eventually(() => link.listening && link.connected)
  await follower.sayHello()
  await link.read('A'.repeat(44))
  return {
    ...world,
    decide,
    follower,
    async [Symbol.asyncDispose]() {
      world.proxy.pass('commands', 'answers', 'messages')
      await follower.close()
      await link.close()
      await world[Symbol.asyncDispose]()
    },
  }
}

const PUBLIC_URL = new URL('http://localhost')

async function openWorld(url: string, namespace = freshNamespace()) {
  const keys = keysOf(namespace)
  const errors: unknown[] = []
  await openFirstHistory(url, namespace)
  const [redis, ears, proxy] = [openRedisAt(url), openRedisAt(url), await startRedisProxy(url)]
  // ioredis stumbles over a command of somebody else in the very moment in which it begins to watch: it does
  // so while it is quiet, and never again.
  await Promise.all([redis.ping(), ears.ping()])
  const watching = await new Redis(url, { lazyConnect: true, retryStrategy: () => null }).monitor()
  const commands: string[] = []
  watching.on('monitor', (_time: string, command: string[]) => commands.push(command.join(' ')))
  return {
    namespace,
    keys,
    redis,
    ears,
    proxy,
    errors,
    /** How often Redis has looked for a session, whether or not the answer has arrived. */
    async reads(ref: string): Promise<number> {
      // It is told on a connection of its own: whatever was carried out before this mark is told before it.
      const mark = randomSessionId(0)
      await redis.echo(mark)
      await eventually(() => commands.includes(`echo ${mark}`))
      return commands.filter((command) => command === `GET ${keys.session(ref)}`).length
    },
    async [Symbol.asyncDispose]() {
      for (const one of [redis, ears, watching]) one.disconnect()
      await proxy[Symbol.asyncDispose]()
    },
  }
}

function openRedisAt(url: string): Redis {
  return new Redis(url, { maxRetriesPerRequest: 0 }).on('error', () => 'a server may be stopped on purpose')
}
