import { startSystem } from './system.js'
import { tinyProcesses } from './tiny-processes.fixture.js'

/** A process that starts a system, for tests in which that process is killed: `node … <state folder>`. */
const [, , stateDir = ''] = process.argv
await startSystem({ stateDir, processes: tinyProcesses(['a', 'b'], stateDir) })
console.log('ready')
