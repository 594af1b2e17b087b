import type { Random } from '../random.js'
import type { Instance, World } from '../world/world.js'
import { type Fault, type FaultMaker, nothing, someTimeMs } from './fault.js'

/** What happens to processes that mount a guard. */
export const PROCESS_FAULTS = {
  'kill-service': (world, random) => kill(random.pick(world.services), random),
  'kill-identity': (world, random) => kill(random.pick(world.identities), random),
  'pause-service': (world, random) => pause(world, random.pick(world.services), random),
  'pause-identity': (world, random) => pause(world, random.pick(world.identities), random),
  'stall-service': stall,
  'clock-step': stepClock,
} satisfies Record<string, FaultMaker>

function kill({ name, isIdentity, child }: Instance, random: Random): Fault {
  return {
    kind: isIdentity ? 'kill-identity' : 'kill-service',
    hit: [name],
    holdMs: random.between(0, 1_500),
    begin: () => child.kill(),
    heal: () => child.start(),
  }
}

function pause(world: World, { name, isIdentity, child }: Instance, random: Random): Fault {
  return {
    kind: isIdentity ? 'pause-identity' : 'pause-service',
    hit: [name],
    holdMs: someTimeMs(world, random),
    begin: async () => child.pause(),
    heal: async () => child.resume(),
  }
}

/** Its timers, its sockets and its promises all wait, while it goes on computing. */
function stall(world: World, random: Random): Fault {
  const { name, url } = random.pick(world.services)
  const ms = someTimeMs(world, random)
  let stalled: Promise<unknown> = nothing()
  return {
    kind: 'stall-service',
    hit: [name],
    holdMs: ms,
    async begin() {
      stalled = fetch(`${url}/stall?ms=${ms}`)
    },
    heal: async () => void (await stalled),
  }
}

/** Seconds. */
const STEPS = [-3_600, -60, -3, 3, 60, 3_600]

function stepClock({ clocks, services }: World, random: Random): Fault | null {
  const { name } = random.pick(services)
  const seconds = random.pick(STEPS)
  if (clocks === undefined) return null
  return {
    kind: 'clock-step',
    hit: [name],
    // The process looks at its offset once a second.
    holdMs: random.between(1_000, 3_000),
    begin: () => clocks.step(name, seconds),
    heal: () => clocks.step(name, 0),
  }
}
