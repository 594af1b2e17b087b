import { deferred, eventually, signOff, startRedis, startRedisProxy } from '@curfew/testing'
import { suite } from 'uvu'
import { createFollower, type Follower } from './follower.js'
import { givenStoreLink } from './testing/given-store-link.js'

const test = suite('guard: reconnecting')

// found 2026-11-27: it was missed until the next renewal, where a hello was under way that did not know of it
test('who listens again says hello, also while one is under way', async () => {
  await using server = await startRedis()
  await using proxy = await startRedisProxy(server.url)
  let timesConnected = 0
  let follower: Follower | undefined
  await using world = await givenStoreLink({
    ownUrl: server.url,
    redisUrl: proxy.url,
    onError: () => 'it is cut off on purpose',
    onConnected() {
      timesConnected++
      follower?.sayHelloAnew()
    },
  })
  let mayBeAnswered = Promise.resolve()
  const following = createFollower({
    link: {
      ...world.link,
      async hello(says) {
        const answer = await world.link.hello(says)
        await mayBeAnswered
        return answer
      },
    },
    leaseMs: 60_000,
    renewalMs: 60_000,
    drop: () => undefined,
    onBehind: () => undefined,
    onError: () => undefined,
  })
  follower = following
  await following.sayHello()

  const answer = deferred()
  mayBeAnswered = answer.promise
  void following.sayHello()
  await eventually(async () => (await world.row())?.renewals === 2)
  proxy.lose('messages')
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  await eventually(() => proxy.lost > 0)
  proxy.pass('messages')
  const before = timesConnected
  await world.redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await eventually(() => timesConnected > before)
  answer.resolve()

  await eventually(() => following.state.applied === 1)
  following.close()
})

test.run()
