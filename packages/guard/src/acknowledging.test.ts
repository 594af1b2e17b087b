import {
  eventually,
  type RedisProxy,
  type RedisServer,
  signOff,
  startRedis,
  startRedisProxy,
} from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenStoreLink, NEW } from './testing/given-store-link.js'

const test = suite('guard: where an acknowledgement is said')

const EVERYTHING = ['on', 'nopass', 'allkeys', 'allchannels', '+@all']

/** A replica that did not get through tries again only after a while. */
const REPLICATED = { within: 20_000 }

test('it is said unanswered on the connection that listens; where that may not be, on the other', async () => {
  await using server = await startRedis()
  await using broad = await given(server, 'broad')
  await using narrow = await given(server, 'narrow', '-client|reply')

  for (const world of [broad, narrow]) {
    const { link, redis, namespace, heard } = world
    const history = await united(world)
    const told = await world.acknowledgements()
    await signOff(redis, namespace, { userId: 'ada' })
    await eventually(() => heard.includes(1))
    await link.acknowledge(history, 1, [])
    await eventually(() => told.length > 0)
    assert.equal(told, [`projects-1 ${history} 1 []`])
  }

  assert.is(await lastOfListener(broad.redis, 'broad'), 'eval')
  assert.is.not(await lastOfListener(narrow.redis, 'narrow'), 'eval')
})

// found 2026-11-27: when the connection that listens was silently gone, a sign-off took two hellos
test('it is not said on the connection that listens when the sign-off did not come there', async () => {
  await using server = await startRedis()
  await using world = await given(server, 'ada')
  const history = await united(world)
  const told = await world.acknowledgements()

  world.proxy.lose('messages')
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  const { missed } = await world.link.hello({ ...NEW, history })
  await world.link.acknowledge(history, 1, [])
  await eventually(() => told.length > 0)

  assert.is(missed.length, 1)
  assert.is.not(await lastOfListener(world.redis, 'ada'), 'eval')
})

// found 2026-11-27: what is said to a replica it passes on to nobody, and it answers whoever only listens as before
test('after masters have changed places it is said to the new one, also by who still listened to the old one', async () => {
  await using old = await startRedis({ settings: { 'repl-diskless-sync-delay': '0' } })
  await using next = await startRedis({ settings: { replicaof: `127.0.0.1 ${old.port}` } })
  await using master = connected(next)
  // With its first replica a Redis begins another history.
  await eventually(() => follows(master), REPLICATED)
  await using world = await given(old)
  await world.link.hello(NEW)
  await eventually(() => master.hexists(world.keys.members, 'projects-1'))

  await master.replicaof('NO', 'ONE')
  await world.redis.replicaof('127.0.0.1', next.port)
  world.proxy.leadTo(next.url)
  const { history } = await eventually(() => world.link.hello(NEW))
  await world.link.hello({ ...NEW, opens: history })
  await eventually(() => follows(world.redis), REPLICATED)
  await using ears = connected(next)
  const told = await listen(ears, world.keys.channels.acknowledgements)
  const heard = await eventually(async () => {
    await signOff(master, world.namespace, { userId: 'ada' })
    return world.heard.at(-1)
  })
  await world.link.acknowledge(history, heard, [])

  await eventually(() => told.length > 0)
  assert.equal(told, [`projects-1 ${history} ${heard} []`])
})

// found 2026-11-27: it was deaf for a moment, in which a sign-off was lost with a second failover
test('when only the connection for commands is lost, the one that listens stays, and it is said there', async () => {
  await using server = await startRedis()
  await using world = await given(server, 'ada')
  const history = await united(world)
  const told = await world.acknowledgements()
  const [commands, listener] = await clientsOf(world.redis, 'ada')
  const connected = world.timesConnected()

  await world.redis.client('KILL', 'ID', commands?.id ?? '')
  // found 2026-11-27: nobody was told, and hello was said only when the next one was due
  await eventually(() => world.timesConnected() > connected)
  await world.link.hello({ ...NEW, history })
  await eventually(async () => {
    await signOff(world.redis, world.namespace, { userId: 'ada' })
    await eventually(() => world.heard.length > 0)
    await world.link.acknowledge(history, world.heard.at(-1) ?? 0, [])
    return (await clientsOf(world.redis, 'ada'))[1]?.last === 'eval'
  })

  assert.is((await clientsOf(world.redis, 'ada'))[1]?.id, listener?.id)
  await eventually(() => told.length > 0)
})

// found 2026-11-27: whoever reconnected was taken to be at the master, and what it said reached nobody
test('behind a balancer that leads the connection that listens to a replica it is said on the other', async () => {
  await using master = await startRedis({ settings: { 'repl-diskless-sync-delay': '0' } })
  await using replica = await startRedis({ settings: { replicaof: `127.0.0.1 ${master.port}` } })
  await using below = connected(replica)
  await eventually(() => follows(below), REPLICATED)
  await below.acl('SETUSER', 'ada', ...EVERYTHING)
  await using world = await given(master, 'ada')
  const history = await united(world)
  const told = await world.acknowledgements()
  const [, listener] = await clientsOf(world.redis, 'ada')
  const listened = world.timesConnected()

  world.proxy.leadTo(replica.url)
  await world.redis.client('KILL', 'ID', listener?.id ?? '')
  await eventually(() => world.timesConnected() > listened)
  // It hangs up once, for it may have been an accident.
  await eventually(async () => {
    await world.link.hello({ ...NEW, history })
    return world.timesConnected() > listened + 1
  })
  for (let i = 0; i < 3; i++) await world.link.hello({ ...NEW, history })
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  await eventually(() => world.heard.includes(1))
  await world.link.acknowledge(history, 1, [])
  await eventually(() => told.length > 0)

  assert.equal(told, [`projects-1 ${history} 1 []`])
  assert.is(world.timesConnected(), listened + 2)

  // found 2026-11-27: where the replica heard no master any more it stayed there, and deaf
  await below.replicaof('127.0.0.1', '1')
  world.proxy.leadTo(master.url)
  await eventually(async () => {
    await world.link.hello({ ...NEW, history })
    return world.timesConnected() > listened + 2
  })
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  await eventually(() => world.heard.includes(2))
})

// found 2026-11-27: each one was complained of twice, for as long as the connection lasted
test('where the right to stay unanswered is taken away it is asked for no more, and all the same said', async () => {
  await using server = await startRedis()
  await using world = await given(server, 'ada')
  const history = await united(world)
  const told = await world.acknowledgements()
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  await eventually(() => world.heard.includes(1))

  await world.redis.acl('SETUSER', 'ada', '-client|reply')
  await world.link.acknowledge(history, 1, [])
  await eventually(() => world.errors.length > 1)
  for (const failed of [2, 3, 4]) await world.link.acknowledge(history, 1, [failed])
  await eventually(() => told.length > 3)

  assert.equal(
    told.map((message) => message.split(' ')[3]),
    ['[]', '[2]', '[3]', '[4]'],
  )
  assert.is(world.errors.length, 2)
})

test.run()

async function given(server: RedisServer, user = 'default', ...rights: readonly string[]) {
  const proxy: RedisProxy = await startRedisProxy(server.url)
  await using redis = connected(server)
  await redis.acl('SETUSER', user, ...EVERYTHING, ...rights)
  const heard: number[] = []
  const errors: string[] = []
  let timesConnected = 0
  const world = await givenStoreLink({
    ownUrl: server.url,
    redisUrl: proxy.url.replace('redis://', `redis://${user}:any@`),
    onSignOff: (_history, { sequence }) => heard.push(sequence),
    onConnected: () => timesConnected++,
    onError: ({ message }) => errors.push(message),
  })
  return {
    ...world,
    user,
    proxy,
    heard,
    errors,
    timesConnected: () => timesConnected,
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]()
      await proxy[Symbol.asyncDispose]()
    },
  }
}

/** Its first hello; once Redis was asked where the connection that listens leads, the answer comes before any sign-off. */
async function united({ link, redis, user }: Awaited<ReturnType<typeof given>>): Promise<string> {
  const { history } = await link.hello(NEW)
  await eventually(async () => (await lastOfListener(redis, user)) === 'info')
  return history
}

function connected({ url }: RedisServer) {
  const redis = new Redis(url, { maxRetriesPerRequest: 0 })
  return Object.assign(redis, { [Symbol.asyncDispose]: async () => redis.disconnect() })
}

/** What a user's connection that listens has asked for last. */
async function lastOfListener(redis: Redis, user: string): Promise<string | undefined> {
  return (await clientsOf(redis, user))[1]?.last
}

/** A user's connection for commands, and the one that listens: its number, and what it has asked for last. */
async function clientsOf(redis: Redis, user: string) {
  const own = String(await redis.client('LIST'))
    .split('\n')
    .filter((line) => line.includes(` user=${user} `))
  return [' sub=0 ', ' sub=1 '].map((kind) => {
    const line = own.find((one) => one.includes(kind)) ?? ''
    return { id: /\bid=(\d+)/.exec(line)?.[1], last: /\bcmd=(\S+)/.exec(line)?.[1] }
  })
}

async function follows(replica: Redis): Promise<boolean> {
  return String(await replica.info('replication')).includes('master_link_status:up')
}

async function listen(redis: Redis, channel: string): Promise<string[]> {
  const messages: string[] = []
  redis.on('message', (_channel, message: string) => messages.push(message))
  await redis.subscribe(channel)
  return messages
}
