import type { World } from '../world/world.js'
import type { FaultMaker } from './fault.js'
import { NETWORK_FAULTS } from './network-faults.js'
import { PROCESS_FAULTS } from './process-faults.js'
import { REDIS_FAULTS } from './redis-faults.js'

/** How often each fault comes in a random run, against the others. */
export function faultsOf(_world: World): Array<readonly [weight: number, make: FaultMaker]> {
  return [
    [2, PROCESS_FAULTS['kill-service']],
    [1, PROCESS_FAULTS['kill-identity']],
    [5, PROCESS_FAULTS['pause-service']],
    [2, PROCESS_FAULTS['pause-identity']],
    [3, PROCESS_FAULTS['stall-service']],
    [3, PROCESS_FAULTS['clock-step']],
    [4, NETWORK_FAULTS.freeze],
    [3, NETWORK_FAULTS.delay],
    [2, NETWORK_FAULTS.partition],
    [2, NETWORK_FAULTS.cut],
    [2, REDIS_FAULTS['redis-kill']],
    [2, REDIS_FAULTS['redis-stop']],
    [2, REDIS_FAULTS['client-kill']],
    [2, REDIS_FAULTS['client-pause']],
  ]
}
