import type { Random } from '../random.js'
import type { Disturbance } from '../world/tcp-proxy.js'
import type { World } from '../world/world.js'
import { type Fault, type FaultMaker, nothing, someTimeMs } from './fault.js'

const KINDS: ReadonlyArray<Pick<Disturbance, 'kinds'>> = [
  {},
  { kinds: ['commands'] },
  { kinds: ['subscriber'] },
]
const DIRECTIONS: ReadonlyArray<Pick<Disturbance, 'direction'>> = [
  {},
  { direction: 'there' },
  { direction: 'back' },
]

/** What happens between one process and Redis. */
export const NETWORK_FAULTS = {
  freeze: (world, random) => disturb(world, random, 'freeze', { ...some(random), freeze: true }),
  delay: (world, random) =>
    disturb(world, random, 'delay', { ...some(random), delayMs: someTimeMs(world, random) }),
  partition: (world, random) => disturb(world, random, 'partition', { refuse: true }),
  cut(world, random) {
    const { name, proxy } = random.pick(world.instances)
    const { kinds } = random.pick(KINDS)
    if (proxy === null) return null
    return {
      kind: 'cut',
      hit: [name],
      holdMs: 0,
      begin: async () => void proxy.cut(kinds),
      heal: nothing,
    }
  },
} satisfies Record<string, FaultMaker>

/** Commands or what is heard, or both; one way or both ways. */
function some(random: Random): Disturbance {
  return { ...random.pick(KINDS), ...random.pick(DIRECTIONS) }
}

function disturb(world: World, random: Random, kind: string, disturbance: Disturbance): Fault | null {
  const { name, proxy } = random.pick(world.instances)
  if (proxy === null) return null
  return {
    kind,
    hit: [name],
    holdMs: someTimeMs(world, random),
    async begin() {
      proxy.disturb(disturbance)
      if (disturbance.refuse) proxy.cut()
    },
    heal: async () => proxy.heal(),
  }
}
