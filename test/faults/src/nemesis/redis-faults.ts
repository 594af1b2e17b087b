import type { Random } from '../random.js'
import type { RedisWorld } from '../world/redis-world.js'
import type { World } from '../world/world.js'
import { type Fault, type FaultMaker, nothing, someTimeMs } from './fault.js'

/** What happens to the one Redis of profile S. */
export const SINGLE_FAULTS = {
  /** A power cut: its files are what it comes back with. */
  'redis-kill': ({ redis }, random) => {
    if (redis.profile !== 'single') return null
    const { kill, restart } = redis.server
    return {
      kind: 'redis-kill',
      hit: ['redis'],
      holdMs: random.between(0, 1_500),
      begin: kill,
      heal: restart,
    }
  },
  'redis-stop': (world, random) => {
    const { redis } = world
    if (redis.profile !== 'single') return null
    const { pause, resume } = redis.server
    return {
      kind: 'redis-stop',
      hit: ['redis'],
      holdMs: someTimeMs(world, random),
      begin: async () => pause(),
      heal: async () => resume(),
    }
  },
} satisfies Record<string, FaultMaker>

/** What operators do to all clients of a Redis. With Sentinels a long pause looks like a master that is down. */
export const CLIENT_FAULTS = {
  'client-kill': ({ redis }, random) => killClients(redis, random),
  'client-pause': (world, random) => pauseClients(world, random),
} satisfies Record<string, FaultMaker>

function killClients(redis: RedisWorld, random: Random): Fault {
  const type = random.pick(['PUBSUB', 'NORMAL'] as const)
  return {
    kind: 'client-kill',
    hit: ['redis'],
    holdMs: 0,
    begin: () => redis.ask(async (one) => void (await one.call('CLIENT', 'KILL', 'TYPE', type))),
    heal: nothing,
  }
}

function pauseClients(world: World, random: Random): Fault {
  const { redis } = world
  const ms = someTimeMs(world, random)
  const mode = random.pick(['WRITE', 'ALL'])
  return {
    kind: 'client-pause',
    hit: ['redis'],
    mayLose: redis.profile === 'sentinel',
    holdMs: ms,
    begin: () => redis.ask(async (one) => void (await one.call('CLIENT', 'PAUSE', ms, mode))),
    heal: () => (redis.profile === 'sentinel' ? redis.system.replicated() : nothing()),
  }
}
