import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  curfewProcesses,
  type ProcessName,
  type System,
  type SystemOptions,
  startSystem,
} from '@curfew/infra'
import { openFirstHistory } from '@curfew/testing'

/**
 * The whole of Curfew for one test: the same processes as with `npm start`, on free ports, with a state of
 * its own. Silent; what the processes wrote is in `logsDir` while it runs.
 *
 * @param settings variables for the processes, on top of what they have by default
 */
export function startTestSystem(settings?: NodeJS.ProcessEnv): Promise<System> {
  return startQuietly(settings)
}

/**
 * The same without the two instances of projects, for journeys of the console that count no instances and ask nothing of projects.
 */
export function startConsoleSystem(settings?: NodeJS.ProcessEnv): Promise<System> {
  return startQuietly(settings, async (surroundings) => {
    const stages = await curfewProcesses(surroundings)
    return stages.map((stage) => stage.filter(({ name }) => !PROJECTS.includes(name)))
  })
}

const PROJECTS: readonly string[] = ['projects-1', 'projects-2'] satisfies ProcessName[]

async function startQuietly(
  settings: NodeJS.ProcessEnv = {},
  processes: SystemOptions['processes'] = curfewProcesses,
): Promise<System> {
  const stateDir = await mkdtemp(join(tmpdir(), 'curfew-system-'))
  const removeState = () => rm(stateDir, { recursive: true, force: true })
  try {
    let isOpen: Promise<void> | undefined
    const system = await startSystem({
      stateDir,
      env: { ...ownEnvironment(), ...settings },
      processes,
      onProgress(step) {
        // Or else identity waits two seconds for others that might know more. If it comes first it does, and nothing is lost.
        if (step.type === 'ready' && step.name === 'redis') isOpen = openFirstHistory(step.address, 'curfew')
      },
    })
    await isOpen
    const { url, console, provider, redisUrl, logsDir, restart, stop, kill } = system
    return {
      url,
      console,
      provider,
      redisUrl,
      logsDir,
      restart,
      stop,
      kill,
      get processes() {
        return system.processes
      },
      async [Symbol.asyncDispose]() {
        await system.stop()
        await removeState()
      },
    }
  } catch (error) {
    await removeState()
    throw error
  }
}

/** What a developer has set for a system of their own is no business of the tests. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env)
  return Object.fromEntries(inherited.filter(([name]) => name !== 'REDIS_URL' && !name.startsWith('CURFEW_')))
}
