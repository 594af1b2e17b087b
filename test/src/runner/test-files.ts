import { readdir } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { ROOT } from '../root.js'

/** One file of tests: what is shown of it, and what is run. */
export interface TestFile {
  /** Relative to the repository, `packages/guard/src/cache.test.ts`. */
  readonly source: string
  /** Absolute path of what the compiler made of it. */
  readonly compiled: string
  /** A journey starts the whole system, and a browser; runs under faults, the model and measuring go on for a while. */
  readonly isLong: boolean
  /** It is killed after this time, and has failed. */
  readonly deadlineMs: number
}

const DEADLINE_MS = 180_000
const LONG_DEADLINE_MS = 600_000
/** The longest first. */
const LONG = [
  'test/src/journeys/one-login-one-bell.test.ts',
  'bench/',
  'test/src/model/',
  'test/src/journeys/',
  'test/faults/src/faults.test.ts',
  'test/src/chromium.test.ts',
]
/** Suites that fail on purpose, for the tests of the runner itself. */
const FIXTURES = 'test/src/fixtures/'
const FOLDERS = ['bench', 'test/faults', 'test', 'infra']

/** All of them, the longest first, found by their sources: what a compiler left behind of a deleted test is never run. */
export async function findTestFiles(): Promise<TestFile[]> {
  const packages = await readdir(join(ROOT, 'packages'))
  const folders = [...packages.sort().map((name) => `packages/${name}`), ...FOLDERS]
  const found = await Promise.all(folders.map((folder) => testsIn(`${folder}/src`)))
  return found
    .flat()
    .filter((source) => !source.startsWith(FIXTURES))
    .sort(longestFirst)
    .map(testFile)
}

/** The files named on a command line, in that order: their source or what was compiled, from wherever one stands. */
export function namedTestFiles(names: readonly string[]): TestFile[] {
  const sources = names.map((name) => {
    const path = relative(ROOT, isAbsolute(name) ? name : join(process.cwd(), name)).replaceAll(sep, '/')
    return path.replace('/dist/', '/src/').replace(/\.js$/, '.ts')
  })
  return sources.sort(longestFirst).map(testFile)
}

/** What takes longest begins first, or it would be left alone at the end. */
function longestFirst(one: string, other: string): number {
  return placeOf(one) - placeOf(other)
}

function placeOf(source: string): number {
  const place = LONG.findIndex((start) => source.startsWith(start))
  return place === -1 ? LONG.length : place
}

function testFile(source: string): TestFile {
  const isLong = placeOf(source) < LONG.length
  return {
    source,
    compiled: join(ROOT, source.replace('/src/', '/dist/').replace(/\.ts$/, '.js')),
    isLong,
    deadlineMs: isLong ? LONG_DEADLINE_MS : DEADLINE_MS,
  }
}

async function testsIn(folder: string): Promise<string[]> {
  try {
    const names = await readdir(join(ROOT, folder), { recursive: true })
    return names
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => `${folder}/${name.replaceAll(sep, '/')}`)
      .sort()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [] // a package without sources
    throw error
  }
}
