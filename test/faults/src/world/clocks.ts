import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
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
