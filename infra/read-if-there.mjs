import { readFile } from 'node:fs/promises'

/** What a file holds; undefined when it is not there. */
export async function readIfThere(file) {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}
