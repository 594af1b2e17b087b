import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { boundMs } from '@curfew/contract'
import { check, type Verdict } from '../checker/check.js'
import { createHistory } from '../history/history.js'
import { createPeople } from '../load/people.js'
import { meetEverybody } from '../meet-everybody.js'
import { settle } from '../settle.js'
import { startRedisOf } from '../world/redis-world.js'
import { startWorld } from '../world/world.js'
import type { Mutant } from './mutant.js'
import { SCENARIOS, type ScenarioName, WITH_SENTINELS, WITH_TWO_IDENTITIES } from './scenarios.js'
import { setStage } from './stage.js'

const LEASE_MS = 900

const REGISTER = fileURLToPath(new URL('./register.js', import.meta.url))

/** Performs a scenario in a world of its own, of real code or of a mutant, and lets the checker judge. */
export async function perform(scenario: ScenarioName, folder: string, mutant?: Mutant): Promise<Verdict> {
  await using redis = await startRedisOf(WITH_SENTINELS.has(scenario) ? 'sentinel' : 'single')
  await using world = await startWorld({
    redis,
    leaseMs: LEASE_MS,
    services: 2,
    identities: WITH_TWO_IDENTITIES.has(scenario) ? 2 : 1,
    logsDir: join(folder, 'logs'),
    ...(mutant ? { nodeOptions: [`--import=${REGISTER}`], env: { FAULTS_MUTANT: mutant.name } } : {}),
  })
  const history = createHistory(join(folder, 'history.jsonl'))
  history.record({ op: 'setup', promisedBoundMs: boundMs(LEASE_MS) })
  const people = createPeople(['ada', 'grace', 'admin-root'])
  const userIds = await meetEverybody({ world, history, people })
  // Until then no sign-off is confirmed but by time.
  await pause(boundMs(LEASE_MS))
  const stage = setStage({ world, history, people, userIds })
  await SCENARIOS[scenario](stage)
  await stage.close()
  await settle({ world, history, people, userIds })
  await history.close()
  return check(history.entries)
}
