import type { RedisServer } from '@curfew/testing'
import type { Random } from '../random.js'
import type { SentinelRedis } from '../world/redis-world.js'
import type { Disturbance } from '../world/tcp-proxy.js'
import type { World } from '../world/world.js'
import { type Fault, type FaultMaker, someTimeMs } from './fault.js'

/** What happens to a master, its replicas and the Sentinels that watch them: profile A. */
export const SENTINEL_FAULTS = {
  /** The master dies, another takes over, and the old one comes back as a replica. */
  'failover-kill': (world, random) =>
    failOver(world, random, 'failover-kill', {
      begin: (_redis, master) => master.kill(),
      heal: (_redis, master) => master.restart(),
    }),
  /** The master sleeps through its own succession, and wakes up as one that thinks it still is. */
  'failover-stop': (world, random) =>
    failOver(world, random, 'failover-stop', {
      begin: async (_redis, master) => master.pause(),
      heal: async (_redis, master) => master.resume(),
    }),
  /** The master is cut off from replicas and Sentinels, while its clients still reach it: a split brain. */
  split: (world, random) =>
    failOver(world, random, 'split', {
      begin: async ({ proxyOf }, master) =>
        proxyOf(master).disturb({ kinds: ['sentinel', 'replica'], freeze: true }),
      heal: async ({ proxyOf }, master) => proxyOf(master).heal(),
    }),
  'replica-kill': (world, random) =>
    lackReplica(
      world,
      random,
      'replica-kill',
      (one) => one.kill(),
      (one) => one.restart(),
    ),
  'replica-stop': (world, random) =>
    lackReplica(
      world,
      random,
      'replica-stop',
      async (one) => one.pause(),
      async (one) => one.resume(),
    ),
  /** Replicas fall behind the master, and are let catch up. */
  'replicas-behind': (world, random) =>
    network(world, random, 'replicas-behind', { kinds: ['replica'], freeze: true }),
  'clients-cut-off': (world, random) =>
    network(world, random, 'clients-cut-off', { kinds: ['commands', 'subscriber'], freeze: true }),
} satisfies Record<string, FaultMaker>

interface Succession {
  begin(redis: SentinelRedis, master: RedisServer): Promise<void>
  heal(redis: SentinelRedis, master: RedisServer): Promise<void>
}

function failOver({ redis }: World, random: Random, kind: string, how: Succession): Fault | null {
  if (redis.profile !== 'sentinel') return null
  const { system } = redis
  let master: RedisServer | undefined
  return {
    kind,
    hit: ['redis'],
    mayLose: true,
    holdMs: random.between(0, 2_000),
    async begin() {
      master = await system.master()
      await how.begin(redis, master)
      await system.failedOver(master)
    },
    async heal() {
      if (master) await how.heal(redis, master)
      await system.replicated()
    },
  }
}

/** Nothing is lost by it, and nothing can be confirmed while it lasts. */
function lackReplica(
  { redis }: World,
  random: Random,
  kind: string,
  begin: (replica: RedisServer) => Promise<void>,
  heal: (replica: RedisServer) => Promise<void>,
): Fault | null {
  if (redis.profile !== 'sentinel') return null
  const { system } = redis
  let replica: RedisServer | undefined
  return {
    kind,
    hit: ['redis'],
    holdMs: random.between(0, 2_500),
    async begin() {
      const master = await system.master()
      replica = random.pick(system.nodes.filter((node) => node !== master))
      await begin(replica)
    },
    async heal() {
      if (replica) await heal(replica)
      await system.replicated()
    },
  }
}

function network(world: World, random: Random, kind: string, disturbance: Disturbance): Fault | null {
  const { redis } = world
  if (redis.profile !== 'sentinel') return null
  const { system, proxyOf } = redis
  let master: RedisServer | undefined
  return {
    kind,
    hit: ['redis'],
    // Whoever is cut off for long may be taken for dead.
    mayLose: true,
    holdMs: someTimeMs(world, random),
    async begin() {
      master = await system.master()
      proxyOf(master).disturb(disturbance)
    },
    async heal() {
      if (master) proxyOf(master).heal()
      await system.replicated()
    },
  }
}
