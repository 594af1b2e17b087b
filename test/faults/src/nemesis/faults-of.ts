import type { World } from '../world/world.js'
import type { FaultMaker } from './fault.js'
import { NETWORK_FAULTS } from './network-faults.js'
import { PROCESS_FAULTS } from './process-faults.js'
import { CLIENT_FAULTS, SINGLE_FAULTS } from './redis-faults.js'
import { SENTINEL_FAULTS } from './sentinel-faults.js'

export type WeightedFaults = ReadonlyArray<readonly [weight: number, make: FaultMaker]>

/** How often each fault comes in a random run, against the others. */
export function faultsOf({ redis }: World): WeightedFaults {
  return [...OF_ALL, ...(redis.profile === 'single' ? OF_SINGLE : OF_SENTINEL)]
}

const OF_ALL: WeightedFaults = [
  [2, PROCESS_FAULTS['kill-service']],
  [1, PROCESS_FAULTS['kill-identity']],
  [5, PROCESS_FAULTS['pause-service']],
  [2, PROCESS_FAULTS['pause-identity']],
  [3, PROCESS_FAULTS['stall-service']],
  [3, PROCESS_FAULTS['clock-step']],
  [2, CLIENT_FAULTS['client-kill']],
  [2, CLIENT_FAULTS['client-pause']],
]

const OF_SINGLE: WeightedFaults = [
  [4, NETWORK_FAULTS.freeze],
  [3, NETWORK_FAULTS.delay],
  [2, NETWORK_FAULTS.partition],
  [2, NETWORK_FAULTS.cut],
  [2, SINGLE_FAULTS['redis-kill']],
  [2, SINGLE_FAULTS['redis-stop']],
]

const OF_SENTINEL: WeightedFaults = [
  [3, SENTINEL_FAULTS['failover-kill']],
  [3, SENTINEL_FAULTS['failover-stop']],
  [3, SENTINEL_FAULTS.split],
  [1, SENTINEL_FAULTS['replica-kill']],
  [1, SENTINEL_FAULTS['replica-stop']],
  [2, SENTINEL_FAULTS['replicas-behind']],
  [2, SENTINEL_FAULTS['clients-cut-off']],
]
