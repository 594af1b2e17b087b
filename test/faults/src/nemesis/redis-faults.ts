import { type FaultMaker, nothing, someTimeMs } from './fault.js'

/** What happens to the one Redis of profile S, and what its operators do to all its clients. */
export const REDIS_FAULTS = {
  /** A power cut: its files are what it comes back with. */
  'redis-kill': ({ redis }, random) => ({
    kind: 'redis-kill',
    hit: ['redis'],
    holdMs: random.between(0, 1_500),
    begin: () => redis.server.kill(),
    heal: () => redis.server.restart(),
  }),
  'redis-stop': (world, random) => ({
    kind: 'redis-stop',
    hit: ['redis'],
    holdMs: someTimeMs(world, random),
    begin: async () => world.redis.server.pause(),
    heal: async () => world.redis.server.resume(),
  }),
  'client-kill': ({ redis }, random) => {
    const type = random.pick(['PUBSUB', 'NORMAL'] as const)
    return {
      kind: 'client-kill',
      hit: ['redis'],
      holdMs: 0,
      begin: () => redis.ask(async (one) => void (await one.call('CLIENT', 'KILL', 'TYPE', type))),
      heal: nothing,
    }
  },
  'client-pause': (world, random) => {
    const ms = someTimeMs(world, random)
    const mode = random.pick(['WRITE', 'ALL'])
    return {
      kind: 'client-pause',
      hit: ['redis'],
      holdMs: ms,
      begin: () => world.redis.ask(async (one) => void (await one.call('CLIENT', 'PAUSE', ms, mode))),
      heal: nothing,
    }
  },
} satisfies Record<string, FaultMaker>
