import { execFile } from 'node:child_process'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ensureFaketime } from '@curfew/infra/tools'

/** Wall clocks that can be set for one process at a time, while it runs. Its monotonic clock stays what it is. */
export interface Clocks {
  /** What a process is started with. */
  envFor(name: string): NodeJS.ProcessEnv
  /** Sets its wall clock off by so much; it notices within a second. */
  step(name: string, seconds: number): Promise<void>
}

/** @throws {ToolMissing} with a sentence, where libfaketime is not there and may not be installed */
export async function openClocks(folder: string): Promise<Clocks> {
  const faketime = await ensureFaketime()
  await removeWhatTheKilledLeft()
  const print = ['-m', '-f', '+0', 'sh', '-c', 'echo "$LD_PRELOAD"']
  const { stdout } = await promisify(execFile)(faketime, print)
  const library = stdout.trim()
  await mkdir(folder, { recursive: true })
  const fileOf = (name: string) => join(folder, `${name}.offset`)

  return {
    envFor: (name) => ({
      LD_PRELOAD: library,
      // A file that is not there yet means no offset.
      FAKETIME_TIMESTAMP_FILE: fileOf(name),
      FAKETIME_CACHE_DURATION: '1',
      DONT_FAKE_MONOTONIC: '1',
    }),
    step: (name, seconds) => writeFile(fileOf(name), `${seconds < 0 ? '' : '+'}${seconds}\n`),
  }
}

/** libfaketime names these by the process. */
const SHARED_MEMORY = '/dev/shm'
const OF_A_PROCESS = /^(?:sem\.)?faketime_(?:sem|shm)_(\d+)$/

/** A process that is killed leaves its semaphore, and the next one with its number can't start. */
async function removeWhatTheKilledLeft(): Promise<void> {
  // Not there outside of Linux.
  const names = await readdir(SHARED_MEMORY).catch(() => [])
  for (const name of names) {
    const [, pid] = OF_A_PROCESS.exec(name) ?? []
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(SHARED_MEMORY, name), { force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // It is there, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
