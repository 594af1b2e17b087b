// Makes a clean clone ready to run: checks Node, installs what the lockfile names, compiles.
// Runs before anything is installed, so it uses nothing but Node itself.

import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { bundleConsole } from './console-bundle.mjs'
import { readIfThere } from './read-if-there.mjs'
import { run } from './run.mjs'
import { begin, complain, step } from './terminal.mjs'

const ROOT = new URL('../', import.meta.url)
const LOCKFILE = new URL('pnpm-lock.yaml', ROOT)
/** Which lockfile node_modules was installed from. Times lie after a checkout, so the content is compared. */
const STAMP = new URL('node_modules/.curfew-lockfile', ROOT)

export class PrepareFailed extends Error {
  code = 'PREPARE_FAILED'
}

/**
 * Checks the Node version and installs the dependencies where they are missing or older than the lockfile.
 *
 * @throws {PrepareFailed} with a sentence for the terminal
 */
export async function prepare() {
  const { engines } = JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8'))
  requireNode(engines.node.replace('>=', ''), process.versions.node)

  const wanted = createHash('sha256')
    .update(await readFile(LOCKFILE))
    .digest('hex')
  if ((await readIfThere(STAMP)) === wanted) return

  begin('installing the dependencies (the first time takes a minute or so)')
  const startedAt = Date.now()
  const { code, output } = await runPnpm(['install', '--frozen-lockfile'])
  if (code !== 0) throw new PrepareFailed(`The dependencies could not be installed:\n\n${tail(output)}`)
  await writeFile(STAMP, wanted)
  step('dependencies', 'installed', Date.now() - startedAt)
}

/**
 * Compiles everything (`tsc -b`: only what changed), and bundles the console.
 *
 * @throws {PrepareFailed} with the compiler's complaints
 */
export async function build() {
  const startedAt = Date.now()
  const compiler = fileURLToPath(new URL('node_modules/typescript/bin/tsc', ROOT))
  const { code, output } = await run(process.execPath, [compiler, '-b'])
  if (code !== 0) throw new PrepareFailed(`The code does not compile:\n\n${tail(output)}`)
  step('compiled', '', Date.now() - startedAt)
  await makeConsole()
}

/**
 * Bundles the console, unless it is there and nothing has changed. Everything else must be compiled.
 *
 * @throws {PrepareFailed} with the bundler's complaints
 */
export async function makeConsole() {
  const startedAt = Date.now()
  const { isNew, trouble } = await bundleConsole()
  if (trouble !== '') throw new PrepareFailed(`The console can't be bundled:\n\n${tail(trouble)}`)
  if (isNew) step('console', 'bundled', Date.now() - startedAt)
}

/** @throws {PrepareFailed} when `version` is older than `minimum`, each like `20.9.1` */
export function requireNode(minimum, version) {
  const [wanted, found] = [minimum, version].map((text) => text.split('.').map(Number))
  const difference = found[0] - wanted[0] || found[1] - (wanted[1] ?? 0)
  if (difference < 0) {
    throw new PrepareFailed(
      `Curfew needs Node ${minimum} or newer, and this is Node ${version}: see https://nodejs.org.`,
    )
  }
}

async function runPnpm(args) {
  try {
    // CI=true: without a terminal pnpm would otherwise refuse to replace a node_modules that does not fit.
    return await run('npx', ['--yes', 'pnpm@10', ...args], { CI: 'true' })
  } catch (cause) {
    throw new PrepareFailed(`npx could not be started (${cause.code}). It comes with Node.js.`, { cause })
  }
}

const tail = (output) =>
  output
    .trim()
    .split('\n')
    .slice(-15)
    .map((line) => `    ${line}`)
    .join('\n')

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await prepare()
    if (process.argv.includes('--build')) await build()
  } catch (error) {
    complain(error)
    process.exitCode = 1
  }
}
