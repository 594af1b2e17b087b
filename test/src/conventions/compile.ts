import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from '../root.js'

/** What the compiler complains about in the project of a folder. */
export function compile(folder: string): Promise<string> {
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  return new Promise((resolve) => {
    execFile(process.execPath, [compiler, '-p', folder], (error, output) => resolve(error ? output : ''))
  })
}
