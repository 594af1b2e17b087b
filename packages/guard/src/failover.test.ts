import { keysOf } from '@curfew/contract'
import { eventually, freshNamespace, startSentinel } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createGuard } from './guard.js'

const test = suite('guard: a failover')

const PATIENT = { within: 20_000 }

for (const [what, stop] of [
  ['was killed', 'kill'],
  // found 2026-11-26: nothing is ever said on the wire that listens, so it stayed with a master that froze
  ['froze', 'pause'],
] as const) {
  test(`when the master ${what}, the guard asks and hears the new one`, async () => {
    await using system = await startSentinel()
    const namespace = freshNamespace()
    const from = await system.master()
    await using world = mount(system.url, namespace)
    await world.guard.ready()
    const before = world.guard.stats().history

    await from[stop]()
    await using next = looking((await system.failedOver(from)).url)

    await eventually(() => world.guard.stats().following && world.guard.stats().history !== before, PATIENT)
    const { signoffs } = keysOf(namespace).channels
    await eventually(async () => (await next.pubsub('NUMSUB', signoffs))[1] === 1, PATIENT)
    assert.ok(await next.hexists(keysOf(namespace).members, world.guard.instance))
  })
}

test.run()

function looking(url: string) {
  const redis = new Redis(url)
  return Object.assign(redis, { [Symbol.asyncDispose]: async () => redis.disconnect() })
}

function mount(redisUrl: string, namespace: string) {
  const publicUrl = new URL('http://localhost')
  const guard = createGuard({ redisUrl, service: 'projects', publicUrl, namespace, leaseMs: 1_000 })
  return { guard, [Symbol.asyncDispose]: () => guard.close() }
}
