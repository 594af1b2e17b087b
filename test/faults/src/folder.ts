import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ARTIFACTS = fileURLToPath(new URL('../../../artifacts/faults/', import.meta.url))

/** An empty folder for what one run leaves behind, kept out of git. */
export async function folderFor(run: string): Promise<string> {
  const folder = join(ARTIFACTS, run)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  return folder
}
