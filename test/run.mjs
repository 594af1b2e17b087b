// `npm test`: prepares, compiles, and runs all tests, or the files that are named (source or compiled).
// Plain JavaScript that uses nothing but Node, since on a clean clone nothing is installed yet.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, makeConsole, PrepareFailed, prepare } from '../infra/prepare.mjs'
import { complain } from '../infra/terminal.mjs'
import { ensureChromium, ensurePostgres, ensureRedisServer, preferHeadlessShell } from '../infra/tools.mjs'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const RUNNER = new URL('dist/run.js', import.meta.url)
/** Where it is compiled, its console is wanted too. */
const EVENTS = new URL('../packages/events/dist/main.js', import.meta.url)
const names = process.argv.slice(2)

try {
  await prepare()
  await ensureRedisServer()
  if (names.length === 0) await ensureChromium()
  if (names.length === 0 || names.some((name) => name.includes('journeys'))) await preferHeadlessShell()
  if (names.length === 0 || names.some((name) => name.includes('postgres'))) await ensurePostgres()
  if (names.length === 0) await build()
  else await buildOnly(names)
  const { runTests } = await import(RUNNER.href)
  process.exitCode = await runTests(names)
} catch (error) {
  complain(error)
  console.log('0 passed, 1 failed')
  process.exitCode = 1
}

/** The projects of the files and what they refer to, so that one can work while the rest does not compile. */
async function buildOnly(files) {
  const unknown = files.find((file) => !existsSync(sourceOf(file)))
  if (unknown !== undefined) throw new PrepareFailed(`There is no test file ${unknown}.`)
  const projects = new Set(files.map((file) => relative(ROOT, resolve(file)).split(`${sep}src${sep}`)[0]))
  const compiler = fileURLToPath(new URL('node_modules/typescript/bin/tsc', `file://${ROOT}`))
  const wanted = [...projects].map((project) => project.split(`${sep}dist${sep}`)[0])
  if (!existsSync(RUNNER)) wanted.push('test')
  const { status } = spawnSync(process.execPath, [compiler, '-b', ...wanted], { cwd: ROOT, stdio: 'inherit' })
  if (status !== 0) throw new PrepareFailed('The code does not compile.')
  if (existsSync(EVENTS)) await makeConsole()
}

/** `src/x.test.ts` of either `src/x.test.ts` or `dist/x.test.js`. */
function sourceOf(file) {
  return resolve(file).replace(`${sep}dist${sep}`, `${sep}src${sep}`).replace(/\.js$/, '.ts')
}
