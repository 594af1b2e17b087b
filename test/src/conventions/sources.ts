import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, normalize, sep } from 'node:path'
import { ROOT } from '../root.js'

export interface SourceFile {
  /** Relative to the repository, `packages/guard/src/cache.ts`. */
  readonly path: string
  /** The folder of its package: `packages/guard`, `infra`, `test`, `test/faults`, `bench`. */
  readonly home: string
  readonly text: string
  /** Tests, and what stands in a `testing` folder for them. */
  readonly isTest: boolean
  readonly imports: readonly Import[]
}

export interface Import {
  readonly from: string
  /** Only types: nothing is loaded. */
  readonly isType: boolean
}

export interface PackageFile {
  readonly home: string
  readonly name: string
  readonly dependencies: readonly string[]
  readonly devDependencies: readonly string[]
}

const NOT_OURS = /(^|\/)(node_modules|dist|artifacts|fixtures)\//
const CODE = /\.(tsx?|mts|mjs)$/

/** All our code, except the fixtures that are wrong on purpose. */
export async function readSources(): Promise<SourceFile[]> {
  const homes = await homesOf()
  const files = await Promise.all(homes.map((home) => sourcesIn(home, homes)))
  return files.flat()
}

export async function readPackages(): Promise<PackageFile[]> {
  const homes = ['.', ...(await homesOf())]
  return Promise.all(
    homes.map(async (home) => {
      const content: unknown = JSON.parse(await read(join(home, 'package.json')))
      return {
        home,
        name: String(entriesOf(content, 'name')),
        dependencies: Object.keys(entriesOf(content, 'dependencies') ?? {}),
        devDependencies: Object.keys(entriesOf(content, 'devDependencies') ?? {}),
      }
    }),
  )
}

/** All documents, with their paths. */
export async function readPages(): Promise<Array<Pick<SourceFile, 'path' | 'text'>>> {
  const top = (await readdir(ROOT)).filter((name) => name.endsWith('.md'))
  const paths = [...top, ...(await markdownIn('docs')), ...(await markdownIn('packages'))]
  return Promise.all(paths.map(async (path) => ({ path, text: await read(path) })))
}

async function markdownIn(folder: string): Promise<string[]> {
  const names = await readdir(join(ROOT, folder), { recursive: true })
  return names
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
    .map((name) => `${folder}/${name}`)
}

/** A file by its path in the repository; empty where there is none. */
export async function read(path: string): Promise<string> {
  try {
    return await readFile(join(ROOT, path), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}

/** The path of what a relative import means. */
export function resolveImport(file: SourceFile, from: string): string {
  return normalize(join(dirname(file.path), from))
    .replaceAll(sep, '/')
    .replace(/\.js$/, '.ts')
}

/** The code without its comments, line for line. */
export function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
    .replace(/(^|\s)\/\/ .*$/gm, '$1')
}

async function homesOf(): Promise<string[]> {
  const packages = await readdir(join(ROOT, 'packages'))
  return [...packages.sort().map((name) => `packages/${name}`), 'infra', 'test', 'test/faults', 'bench']
}

async function sourcesIn(home: string, homes: readonly string[]): Promise<SourceFile[]> {
  const nested = homes.filter((other) => other.startsWith(`${home}/`))
  const names = await readdir(join(ROOT, home), { recursive: true })
  const paths = names
    .map((name) => `${home}/${name.replaceAll(sep, '/')}`)
    .filter((path) => CODE.test(path) && !NOT_OURS.test(path))
    .filter((path) => !nested.some((other) => path.startsWith(`${other}/`)))
  return Promise.all(
    paths.sort().map(async (path) => {
      const text = await read(path)
      return { path, home, text, isTest: isTest(path), imports: importsOf(text) }
    }),
  )
}

function isTest(path: string): boolean {
  return /\.test\.ts$|\/testing\//.test(path) || path.startsWith('test/')
}

function importsOf(text: string): Import[] {
  const code = withoutComments(text)
  const declared = code.matchAll(/^(?:import|export)\b(\s+type\b)?[^'"`;=]*?\bfrom\s*['"]([^'"]+)['"]/gm)
  const called = code.matchAll(/\bimport\s*\(?\s*['"]([^'"]+)['"]/g)
  return [
    ...[...declared].map(([, type, from = '']) => ({ from, isType: type !== undefined })),
    ...[...called].map(([, from = '']) => ({ from, isType: false })),
  ]
}

function entriesOf(value: unknown, name: string): object | string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const found: unknown = Object.entries(value).find(([key]) => key === name)?.[1]
  return typeof found === 'string' || (typeof found === 'object' && found !== null) ? found : undefined
}
