import { isBuiltin } from 'node:module'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readPackages, readSources, resolveImport, type SourceFile } from './sources.js'

const test = suite('conventions: who may import whom')

const SERVICES = ['@curfew/contract', '@curfew/guard', '@curfew/service']

/** What may be imported of our own packages, by folder. `infra`, `test` and `bench` take what they need. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'packages/contract': [],
  'packages/service': ['@curfew/contract'],
  'packages/guard': ['@curfew/contract'],
  'packages/identity': SERVICES,
  'packages/events': SERVICES,
  'packages/projects': SERVICES,
  'packages/testing': ['@curfew/contract'],
}
const TESTING = '@curfew/testing'

const sources = await readSources()
const packages = await readPackages()

test('every package is in the list of arrows', () => {
  const unlisted = packages.filter(({ home }) => home.startsWith('packages/') && !(home in ALLOWED))

  assert.equal(unlisted, [])
})

test('packages import each other along the arrows only', () => {
  const wrong = everyImport(({ home, isTest }, from) => {
    const allowed = ALLOWED[home]
    if (allowed === undefined || !from.startsWith('@curfew/')) return false
    return !allowed.includes(nameOf(from)) && !(isTest && nameOf(from) === TESTING)
  })

  assert.equal(wrong, [])
})

test('testing is a matter of tests, and of what is measured', () => {
  const wrong = everyImport(({ home, isTest }, from) => from === TESTING && !isTest && home !== 'bench')
  const shipped = packages
    .filter(
      ({ home, dependencies }) =>
        !['test', 'test/faults', 'bench'].includes(home) && dependencies.includes(TESTING),
    )
    .map(({ home }) => home)

  assert.equal([...wrong, ...shipped], [])
})

test('contract imports nothing but Node and itself', () => {
  const wrong = everyImport(
    ({ home, isTest }, from) =>
      home === 'packages/contract' && !isTest && !from.startsWith('./') && !isBuiltin(from),
  )

  assert.equal(wrong, [])
})

test('guard depends on contract and ioredis only, since it is published', () => {
  const guard = packages.find(({ name }) => name === '@curfew/guard')

  assert.equal(guard?.dependencies.toSorted(), ['@curfew/contract', 'ioredis'])
})

test('no relative import leaves its package', () => {
  const wrong = everyImport(
    (file, from) =>
      from.startsWith('.') && !resolveImport(file, from).startsWith(`${file.home}/`) && !isStarter(file),
  )

  assert.equal(wrong, [])
})

test('what is imported is declared, and what runs in production is no devDependency', () => {
  const wrong = sources.flatMap((file) => {
    const declared = packages.find(({ home }) => home === file.home)
    const needed = file.imports.filter(({ from }) => !/^[.#]/.test(from) && !isBuiltin(from))
    return needed
      .filter(({ from, isType }) => {
        const name = nameOf(from)
        if (declared?.dependencies.includes(name) || declared?.name === name) return false
        return (
          !(isType || file.isTest) ||
          !declared?.devDependencies.some((dev) => dev === name || dev === `@types/${name}`)
        )
      })
      .map(({ from }) => `${file.path} imports ${from}`)
  })

  assert.equal(wrong, [])
})

test('no files import each other in a circle', () => {
  const files = new Map(sources.map((file) => [file.path, file]))
  const done = new Set<string>()
  const circles: string[] = []

  function visit(path: string, way: readonly string[]): void {
    const at = way.indexOf(path)
    if (at !== -1) circles.push([...way.slice(at), path].join(' → '))
    const file = files.get(path)
    if (at !== -1 || file === undefined || done.has(path)) return
    for (const { from } of file.imports.filter((one) => one.from.startsWith('.'))) {
      const wanted = resolveImport(file, from)
      visit(files.has(wanted) ? wanted : `${wanted}x`, [...way, path])
    }
    done.add(path)
  }
  for (const path of files.keys()) visit(path, [])

  assert.equal(circles, [])
})

test.run()

function everyImport(isWrong: (file: SourceFile, from: string) => boolean): string[] {
  return sources.flatMap((file) =>
    file.imports.filter(({ from }) => isWrong(file, from)).map(({ from }) => `${file.path} imports ${from}`),
  )
}

/** `@curfew/infra/tools` and `uvu/assert` belong to `@curfew/infra` and `uvu`. */
function nameOf(from: string): string {
  return from.split('/', from.startsWith('@') ? 2 : 1).join('/')
}

/** What runs before anything is installed can't import a package by its name. */
function isStarter({ path }: SourceFile): boolean {
  return path === 'test/run.mjs'
}
