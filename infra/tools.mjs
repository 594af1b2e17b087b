// The programs that npm can't bring: redis-server, PostgreSQL for the tests of the event log, Chromium for those in a
// browser, faketime for those of clocks.
// Plain JavaScript, so that the test runner can ask for them before anything is compiled.

import { spawn } from 'node:child_process'
import { access, constants, readdir, rm, writeFile } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'
import { begin, warn } from './terminal.mjs'

export class ToolMissing extends Error {
  code = 'TOOL_MISSING'
}

/**
 * The path of redis-server, which is installed first where we may (as root on Debian and its children).
 *
 * @throws {ToolMissing} with a sentence that says how to get it
 */
export const ensureRedisServer = (machine) =>
  ensureTool(
    {
      title: 'redis-server',
      names: ['redis-server'],
      debianPackage: 'redis-server',
      advice:
        'Redis is missing. Install it with `sudo apt-get install redis-server` (Debian, Ubuntu) or ' +
        '`brew install redis` (macOS); or, for `npm start`, run one with `docker run -p 6379:6379 redis redis-server --appendonly yes ' +
        '--appendfsync always` and set REDIS_URL=redis://127.0.0.1:6379.',
    },
    machine,
  )

/**
 * The path of PostgreSQL's server, which is installed first where we may. Debian keeps it out of everybody's PATH.
 *
 * @throws {ToolMissing} with a sentence that says how to get it
 */
export const ensurePostgres = (machine) =>
  ensureTool(
    {
      title: 'PostgreSQL',
      names: ['postgres', ...(machine?.postgresOfDebian ?? ['/usr/lib/postgresql/*/bin/postgres'])],
      debianPackage: 'postgresql',
      advice:
        'PostgreSQL is missing. Install it with `sudo apt-get install postgresql` (Debian, Ubuntu) or ' +
        '`brew install postgresql@17` (macOS). Only tests and benchmarks need it.',
    },
    machine,
  )

/**
 * The path of Chromium or Chrome, which is installed first where we may.
 *
 * @throws {ToolMissing} with a sentence that says how to get it
 */
export const ensureChromium = (machine) =>
  ensureTool(
    {
      title: 'Chromium',
      names: [
        'chromium',
        'chromium-browser',
        'google-chrome-stable',
        'google-chrome',
        '/Applications/Chromium.app/Contents/MacOS/Chromium',
        '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      ],
      debianPackage: 'chromium',
      advice:
        'Chromium is missing. Install it with `sudo apt-get install chromium` (Debian, Ubuntu) or ' +
        '`brew install --cask chromium` (macOS).',
    },
    machine,
  )

/**
 * Installs Chromium's headless shell where it is not there and we may: the same engine without what people have around their
 * pages, so that it starts and opens pages in less than half of the time. Without it tests take longer, so that this never
 * fails, and says why there is none.
 */
export async function preferHeadlessShell(machine) {
  const shell = {
    title: 'Chromium’s headless shell',
    names: HEADLESS_SHELLS,
    debianPackage: 'chromium-headless-shell',
    advice:
      'Tests in a browser take longer without chromium-headless-shell, which Debian has: they go on with Chromium.',
  }
  try {
    await ensureTool(shell, machine)
  } catch (error) {
    if (!(error instanceof ToolMissing)) throw error
    warn(error.message)
  }
}

/**
 * The path of Chromium's headless shell, or else that of Chromium as above. It installs no shell: whoever can do without one
 * would try in each test anew.
 *
 * @throws {ToolMissing} with a sentence that says how to get Chromium
 */
export const findHeadlessShell = async (machine = thisMachine()) =>
  (await findTool(HEADLESS_SHELLS, machine.path)) ?? ensureChromium(machine)

const HEADLESS_SHELLS = ['chromium-headless-shell', 'chrome-headless-shell']

/**
 * The path of faketime, which is installed first where we may.
 *
 * @throws {ToolMissing} with a sentence that says how to get it
 */
export const ensureFaketime = (machine) =>
  ensureTool(
    {
      title: 'faketime',
      names: ['faketime'],
      debianPackage: 'faketime',
      advice: 'faketime is missing. Install it with `sudo apt-get install faketime` (Debian, Ubuntu).',
    },
    machine,
  )

/** What is looked at on this machine; tests describe another one. */
const thisMachine = () => ({ path: process.env.PATH ?? '', isRoot: process.getuid?.() === 0 })

async function ensureTool({ title, names, debianPackage, advice }, machine = thisMachine()) {
  const found = await findTool(names, machine.path)
  if (found !== undefined) return found

  const aptGet = await findTool(['apt-get'], machine.path)
  if (!machine.isRoot || aptGet === undefined) throw new ToolMissing(advice)

  begin(`installing ${title} (apt-get install ${debianPackage})`)
  const output = await installQuietly(aptGet, debianPackage)
  const installed = await findTool(names, machine.path)
  if (installed === undefined) {
    const reason = output.trim().split('\n').at(-1)
    throw new ToolMissing(`${advice} (apt-get tried and said: ${reason})`)
  }
  return installed
}

async function findTool(names, path) {
  const candidates = await Promise.all(
    names.map((name) =>
      isAbsolute(name) ? withEachVersion(name) : path.split(delimiter).map((folder) => join(folder, name)),
    ),
  )
  for (const candidate of candidates.flat()) {
    if (await isExecutable(candidate)) return candidate
  }
  return undefined
}

/** A `*` stands for any entry of the folder before it. */
async function withEachVersion(file) {
  const [folder, rest] = file.split('*')
  if (rest === undefined) return [file]
  const versions = await readdir(folder).catch(() => [])
  return versions.map((version) => folder + version + rest)
}

const isExecutable = (file) =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  )

const NO_DAEMONS = '/usr/sbin/policy-rc.d'

/** Debian starts a daemon with the package, on a port that is not ours: policy-rc.d is its way to say no. */
async function installQuietly(aptGet, debianPackage) {
  const ours = !(await isExecutable(NO_DAEMONS))
  if (ours) await writeFile(NO_DAEMONS, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    const updated = await output(aptGet, ['update', '-q'])
    return updated + (await output(aptGet, ['install', '-y', '-q', '--no-install-recommends', debianPackage]))
  } finally {
    if (ours) await rm(NO_DAEMONS)
  }
}

function output(command, args) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (more) => {
        text += more
      })
    }
    child.on('error', reject)
    child.on('close', () => resolve(text))
  })
}
