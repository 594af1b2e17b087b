/** Starts the whole of Curfew on one machine: for `npm start`, and for the journeys in test/. */
export { ensureChromium, ensurePostgres, ensureRedisServer, type Machine, ToolMissing } from '../tools.mjs'
export { type Addresses, curfewProcesses, type Surroundings } from './curfew-processes.js'
export { DEMO_PASSWORD, DEMO_USERS, type DemoUser } from './dev-provider/demo-users.js'
export type { Ports, ProcessName } from './ports.js'
export type { ProcessSpec } from './process-spec.js'
export { StartFailed } from './start-failed.js'
export { type Progress, type RunningProcess, type System, type SystemOptions, startSystem } from './system.js'
