// Makes the files that the browser loads for /console out of packages/events/console. Uses nothing but Node itself
// until the dependencies are there.

import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { readIfThere } from './read-if-there.mjs'
import { run } from './run.mjs'

const ROOT = new URL('../', import.meta.url)
const CONFIG = new URL('packages/events/console/vite.config.ts', ROOT)
/** What goes into the bundle. */
const SOURCES = ['packages/events/console/', 'packages/events/src/', 'packages/service/browser/']
const LOCKFILE = new URL('pnpm-lock.yaml', ROOT)
/** What the bundle that is there was made from: Vite empties the folder first, so half a bundle has none. */
const STAMP = new URL('packages/events/dist/console/.made-from', ROOT)

/** Vite's own program, and what to tell it. */
export const VITE = [
  fileURLToPath(new URL('packages/events/node_modules/vite/bin/vite.js', ROOT)),
  'build',
  '--config',
  fileURLToPath(CONFIG),
]

/**
 * Bundles the console unless nothing that it is made from has changed. The rest must be compiled.
 *
 * @returns what went wrong, in the words of Vite; empty when all is well
 */
export async function bundleConsole() {
  const wanted = await hashOfSources()
  if ((await readIfThere(STAMP)) === wanted) return { isNew: false, trouble: '' }
  const { code, output } = await run(process.execPath, VITE, { NODE_ENV: 'production' })
  if (code !== 0) return { isNew: false, trouble: output }
  await writeFile(STAMP, wanted)
  return { isNew: true, trouble: '' }
}

async function hashOfSources() {
  const hash = createHash('sha256').update(await readFile(LOCKFILE))
  for (const folder of SOURCES) {
    const names = await readdir(new URL(folder, ROOT), { recursive: true })
    for (const name of names.filter((one) => /\.(tsx?|css|svg|json)$/.test(one)).sort()) {
      hash.update(`${folder}${name}\n`).update(await readFile(new URL(`${folder}${name}`, ROOT)))
    }
  }
  return hash.digest('hex')
}
