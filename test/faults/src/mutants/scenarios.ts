import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RedisServer } from '@curfew/testing'
import type { Stage } from './stage.js'

/** They take a master with replicas. */
export const WITH_SENTINELS: ReadonlySet<ScenarioName> = new Set<ScenarioName>(['lost tail'])

/** They take two processes of identity. */
export const WITH_TWO_IDENTITIES: ReadonlySet<ScenarioName> = new Set<ScenarioName>(['late unblocking'])

export type ScenarioName = keyof typeof SCENARIOS

/**
 * One thing that goes wrong, and what must not follow from it. Random faults meet these orders rarely. Each is
 * green with the real code.
 */
export const SCENARIOS = {
  /** Nothing is broken at all. */
  async plain(stage: Stage) {
    for (const user of ['ada', 'grace']) {
      const session = await stage.arrive(user)
      await stage.signOff('session', session)
      await stage.askAll(session)
    }
  },

  async others(stage: Stage) {
    const [one, two] = [await stage.arrive('ada'), await stage.arrive('ada')]
    await stage.signOff('others', one)
    await Promise.all([stage.askAll(one), stage.askAll(two)])
  },

  /** A stream is open when its session is signed off. */
  async stream(stage: Stage) {
    const session = await stage.arrive('ada')
    await stage.watch(stage.there, session)
    await stage.signOff('session', session)
    await stage.pause(300)
  },

  /** An instance hears nothing and can say nothing, and remembers a session with a stream open. */
  async 'cut off'(stage: Stage) {
    const session = await stage.arrive('ada')
    await stage.watch(stage.there, session)
    stage.disturb({ freeze: true })
    await stage.signOff('session', session)
    await stage.askAll(session)
    await stage.pause(300)
    await stage.askAll(session)
    stage.heal()
  },

  /** An instance that hears nothing goes on renewing its lease. */
  async deaf(stage: Stage) {
    const session = await stage.arrive('ada')
    stage.disturb({ kinds: ['subscriber'], freeze: true })
    await stage.signOff('session', session)
    await stage.askAll(session)
    stage.heal()
  },

  /** A hello is answered late, and nothing is heard after it. */
  async 'late answer'(stage: Stage) {
    const session = await stage.arrive('ada')
    const deaf = { kinds: ['subscriber'], freeze: true } as const
    stage.disturb(deaf, { direction: 'back', freeze: true })
    await stage.nextHello()
    const signedOff = stage.signOff('session', session)
    stage.disturb({ freeze: true })
    await stage.pause(300)
    stage.disturb(deaf, { direction: 'there', freeze: true })
    await signedOff
    for (let tries = 0; tries < 5; tries++) await stage.askAll(session)
    stage.heal()
  },

  /** One sign-off is not heard, the next one is, and no hello has come in between. */
  async 'lost message'(stage: Stage) {
    const [one, two] = [await stage.arrive('ada'), await stage.arrive('grace')]
    await stage.nextHello()
    stage.disturb({ kinds: ['subscriber'], lose: true })
    const first = stage.signOff('session', one)
    await stage.pause(60)
    stage.heal()
    const second = stage.signOff('session', two)
    await Promise.all([first, second])
    await Promise.all([stage.askAll(one), stage.askAll(two)])
  },

  /** A read is answered after the sign-off of what it found. */
  async 'overtaken read'(stage: Stage) {
    const session = await stage.arrive('ada', [stage.here, stage.world.identity])
    stage.disturb({ kinds: ['commands'], direction: 'back', freeze: true })
    const read = stage.ask(stage.there, session)
    await stage.pause(50)
    await stage.signOff('session', session)
    stage.heal()
    await read
    await stage.askAll(session)
  },

  /** Redis comes back with another history while an instance is cut off. */
  async 'new history'(stage: Stage) {
    const session = await stage.arrive('ada')
    stage.disturb({ refuse: true })
    await restartRedis(stage)
    await stage.signOffAtLast(session)
    stage.heal()
    await stage.nextHello()
    await stage.askAll(session)
  },

  /** Redis comes back, and an instance still holds a lease from before, and no row. */
  async unsettled(stage: Stage) {
    const session = await stage.arrive('ada')
    stage.disturb({ refuse: true })
    await restartRedis(stage)
    await stage.signOffAtLast(session)
    await stage.askAll(session)
    stage.heal()
  },

  /** A session is signed off right after it began. */
  async 'late save'(stage: Stage) {
    const session = await stage.arrive('ada')
    await stage.signOff('session', session)
    await stage.pause(1_000)
    await stage.askAll(session)
  },

  /** Somebody is signed off everywhere while they are signing in. */
  async 'login under way'(stage: Stage) {
    const before = await stage.arrive('ada')
    const late = await stage.tryToArrive('ada', () => stage.signOff('everywhere', before))
    if (late !== null) await stage.askAll(late)
  },

  async block(stage: Stage) {
    const admin = await stage.arrive('admin-root')
    const session = await stage.arrive('ada')
    await stage.signOff('block', admin, session)
    await stage.tryToArrive('ada')
    await stage.unblock(admin, 'ada')
    await stage.askAll(session)
    await stage.arrive('ada')
  },

  /** An unblocking is stuck when its sender gives it up, and arrives after the next block. */
  async 'late unblocking'(stage: Stage) {
    const [, other] = stage.world.identities
    if (!other?.proxy) throw new TypeError('this takes another identity')
    const { name, proxy } = other
    const admin = await stage.arrive('admin-root')
    const session = await stage.arrive('ada')
    // From now on Redis knows the script, so that it is one command.
    await stage.signOff('block', admin, session)
    await stage.unblock(admin, 'ada', other)
    await stage.signOff('block', admin, session)

    // Whose block it is was asked, and is answered; what lifts it stays on the way.
    const stuck = { kinds: ['commands'], freeze: true } as const
    const begin = () => proxy.disturb({ ...stuck, direction: 'back' })
    const heal = await stage.suffer('network', name, begin, proxy.heal)
    const lifting = stage.unblock(admin, 'ada', other)
    await stage.pause(100)
    proxy.disturb({ ...stuck, direction: 'there' })
    await lifting

    await stage.signOff('block', admin, session)
    await heal()
    await stage.pause(300)
    await stage.tryToArrive('ada')
  },

  /** Redis is away for longer than a lease, and comes back. */
  async outage(stage: Stage) {
    const { leaseMs } = stage.world
    const { pause, resume } = serverOf(stage)
    const session = await stage.arrive('ada')
    const heal = await stage.suffer('redis-stop', 'redis', pause, resume)
    await stage.pause(leaseMs * 1.2)
    await stage.askAll(session)
    await stage.signOff('session', session)
    await heal()
  },

  /** Redis comes back from a copy that was made before a sign-off. */
  async restored(stage: Stage) {
    const { dir, kill, restart } = serverOf(stage)
    const session = await stage.arrive('ada')
    const copy = `${dir}-copy`
    const restore = async () => {
      await kill()
      await cp(copy, dir, { recursive: true, force: true })
      await rm(copy, { recursive: true })
      await restart()
    }
    const makeCopy = () => cp(dir, copy, { recursive: true })
    const heal = await stage.suffer('restore', 'redis', makeCopy, restore, { mayLose: true, forgets: true })
    await stage.signOff('session', session)
    await heal()
    await stage.untilAnswered(session)
  },

  /** Redis dies, and comes back with nothing when every lease has ended; identity has not seen the block itself. */
  async emptied(stage: Stage) {
    const { dir, kill, restart } = serverOf(stage)
    const { child, name } = stage.world.identity
    const admin = await stage.arrive('admin-root')
    const session = await stage.arrive('ada')
    await stage.signOff('block', admin, session)
    const restarted = await stage.suffer('kill-identity', name, child.kill, child.start)
    await restarted()
    const comeBackEmpty = async () => {
      await rm(join(dir, 'appendonlydir'), { recursive: true })
      await restart()
    }
    const heal = await stage.suffer('emptied', 'redis', kill, comeBackEmpty, { forgets: true })
    await stage.pause(stage.world.leaseMs * 1.2)
    await heal()
    await stage.untilAnswered(session)
    await stage.tryToArrive('ada')
  },

  /** Somebody deletes the number of the newest sign-off, and the list of them, from a Redis that runs on. */
  async 'number lost'(stage: Stage) {
    for (const user of ['grace', 'edith']) await stage.signOff('session', await stage.arrive(user))
    const session = await stage.arrive('ada')
    // The one that began before it is over, and all of the next ones have come.
    for (let hellos = 0; hellos < 2; hellos++) await stage.nextHello()
    const noMore = async () => undefined
    const heal = await stage.suffer('number-lost', 'redis', stage.loseNumber, noMore, { forgets: true })
    await stage.signOffAtLast(session)
    await stage.askAll(session)
    await heal()
  },

  /** A sign-off that no replica has; then everybody who heard of it dies, and the master with them. */
  async 'lost tail'(stage: Stage) {
    const { redis, instances } = stage.world
    if (redis.profile !== 'sentinel') throw new TypeError('this takes replicas')
    const { system, proxyOf } = redis
    const session = await stage.arrive('ada')
    const master = await system.master()
    const begin = () => proxyOf(master).disturb({ kinds: ['replica'], freeze: true })
    const heal = await stage.suffer(
      'lost tail',
      'redis',
      begin,
      async () => {
        await Promise.all(instances.map(({ child }) => child.kill()))
        await master.kill()
        await system.failedOver(master)
        proxyOf(master).heal()
        await master.restart()
        await system.replicated()
        await Promise.all(instances.map(({ child }) => child.start()))
      },
      { mayLose: true },
    )
    await stage.signOff('session', session)
    await heal()
    await stage.untilAnswered(session)
    await stage.askAll(session)
  },
} satisfies Record<string, (stage: Stage) => Promise<void>>

async function restartRedis(stage: Stage): Promise<void> {
  const { kill, restart } = serverOf(stage)
  const heal = await stage.suffer('redis-kill', 'redis', kill, restart)
  await heal()
}

function serverOf({ world: { redis } }: Stage): RedisServer {
  if (redis.profile !== 'single') throw new TypeError('scenarios are for one Redis')
  return redis.server
}
