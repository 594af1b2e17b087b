import { spawn } from 'node:child_process'
import { watch } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { VITE } from '../console-bundle.mjs'
import { step, warn } from '../terminal.mjs'
import type { ProcessName } from './ports.js'
import type { System } from './system.js'

/** Whose code is in which folder. The provider and the gateway are infra's; redis is nobody's. */
const SERVICES: readonly ProcessName[] = [
  'identity',
  'projects-1',
  'projects-2',
  'events',
  'gateway',
  'provider',
]
const RUNS_IN: Readonly<Record<string, readonly ProcessName[]>> = {
  'packages/contract': SERVICES,
  'packages/service': SERVICES,
  'packages/guard': ['identity', 'projects-1', 'projects-2', 'events'],
  'packages/identity': ['identity'],
  'packages/projects': ['projects-1', 'projects-2'],
  'packages/events': ['events'],
  infra: ['gateway', 'provider'],
}

/** A compilation writes many files; this long after the last one it is done. */
const QUIET_MS = 300

/** `npm run dev`: keeps the compilers running, and starts again what it has written. */
export function watchSources(system: System, signal: AbortSignal): void {
  keepCompiling(signal)

  const changed = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let restarting = Promise.resolve()
  const note = (names: readonly string[]) => {
    for (const name of names) changed.add(name)
    clearTimeout(timer)
    timer = setTimeout(() => {
      restarting = restarting.then(restartChanged)
    }, QUIET_MS)
  }

  async function restartChanged() {
    const names = system.processes.map(({ name }) => name).filter((name) => changed.has(name))
    changed.clear()
    for (const name of names) {
      if (signal.aborted) return
      try {
        await system.restart(name)
        step(name, 'started again with the new code')
      } catch (error) {
        warn(error instanceof Error ? error.message : String(error))
      }
    }
  }

  for (const [folder, names] of Object.entries(RUNS_IN)) {
    void follow(pathOf(`${folder}/dist/`), () => note(names), signal)
  }
}

/**
 * Runs the compiler and the console's bundler in a process group of their own, and ends the group when the pipe to it
 * closes: on `signal`, and when we are killed. The compiler is two processes, and ending the one that we know leaves the
 * other.
 */
function keepCompiling(signal: AbortSignal): void {
  const compile = [pathOf('node_modules/typescript/bin/tsc'), '-b', '--watch', '--preserveWatchOutput']
  const programs = [compile, [...VITE, '--watch']].map((program) => [process.execPath, ...program])
  const commands = programs.map((program) => `${program.map(quoted).join(' ')} &`)
  const group = spawn('/bin/sh', ['-c', `${commands.join(' ')} read -r _; kill 0`], {
    cwd: pathOf('.'),
    detached: true,
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  signal.addEventListener('abort', () => group.stdin.end())
}

/** One word of a shell, whatever is in it. */
const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`

async function follow(folder: string, onChange: () => void, signal: AbortSignal): Promise<void> {
  try {
    for await (const { filename } of watch(folder, { recursive: true, signal })) {
      if (filename?.endsWith('.js') && !filename.endsWith('.test.js')) onChange()
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

const pathOf = (pathInCheckout: string) => fileURLToPath(new URL(`../../${pathInCheckout}`, import.meta.url))
