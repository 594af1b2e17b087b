import { EVENT_TYPES, keysOf, PROBLEM_STATUS } from '@curfew/contract'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { read, readPackages, readPages, readSources, withoutComments } from './sources.js'
import { firstCells, tableRows } from './tables.js'

const test = suite('conventions: what documents list is what the code has')

const sources = await readSources()
const configs = sources.filter(
  ({ path, isTest }) => !isTest && /config\.ts$|^packages\/service\/src\/env\.ts$/.test(path),
)
const keyFiles = sources.filter(({ path }) => path.endsWith('/keys.ts')).map(({ path }) => path)

for (const [page, files] of [
  ['docs/events.md', ['packages/contract/src/event.ts']],
  ['docs/errors.md', ['packages/contract/src/problem.ts']],
  ['docs/keys.md', keyFiles],
] as const) {
  test(`${page} has the rows of the code's comments`, async () => {
    const documented = tableRows(await read(page)).map(asLine)
    const commented = (await Promise.all(files.map(read))).flatMap(tableRows).map(asLine)

    assert.equal(without(commented, documented), [], `not in ${page}`)
    assert.equal(without(documented, commented), [], `only in ${page}`)
  })
}

test('docs/events.md lists every type of event', async () => {
  assert.equal(firstCells(await read('docs/events.md')).toSorted(), EVENT_TYPES.toSorted())
})

test('docs/errors.md lists every problem with its status', async () => {
  const documented = tableRows(await read('docs/errors.md')).map((row) => row.slice(0, 2).join(' '))
  const known = Object.entries(PROBLEM_STATUS).map(([code, status]) => `\`${code}\` ${status}`)

  assert.equal(documented.toSorted(), known.toSorted())
})

test('docs/keys.md lists every key and channel that contract spells', async () => {
  const { channels, prefix, ...keys } = keysOf('curfew')
  const spelled = [...Object.values(keys), ...Object.values(channels)].map((key) => shape(spell(key)))
  const documented = firstCells(await read('packages/contract/src/keys.ts')).map(shape)

  assert.equal(documented.toSorted(), spelled.toSorted())
  assert.ok(documented.every((key) => key.startsWith(prefix)))
})

test('docs/configuration.md has the rows of the comments of what reads the environment', async () => {
  const rows = tableRows(await read('docs/configuration.md')).map(asLine)
  const commented = configs.flatMap(({ text }) => tableRows(text)).map(asLine)

  assert.equal(without(commented, rows), [])
})

test('docs/configuration.md names every variable that is read, and no other', async () => {
  const documented = new Set(tableRows(await read('docs/configuration.md')).flatMap(variablesIn))
  const known = configs.flatMap(({ text }) => readersIn(text))
  const code = configs.map(({ text }) => withoutComments(text)).join('\n')

  assert.equal(
    known.filter((name) => !documented.has(name)),
    [],
    'not documented',
  )
  assert.equal(
    [...documented].filter((name) => !new RegExp(`\\b${name}\\b`).test(code)),
    [],
    'not read',
  )
})

test('docs/operations.md has the rows of the comments of what counts and measures', async () => {
  const isMetric = (row: readonly string[]) => /^`(curfew|http)_\w+`$/.test(row[0] ?? '')
  const documented = tableRows(await read('docs/operations.md'))
    .filter(isMetric)
    .map(asLine)
  const counting = sources.filter(({ text, isTest }) => !isTest && /'prom-client'|scrapedMetrics/.test(text))
  const commented = counting.flatMap(({ text }) => tableRows(text).filter(isMetric)).map(asLine)
  const named = counting.flatMap(({ text }) => withoutComments(text).match(/'(curfew|http)_\w+'/g) ?? [])

  assert.equal(without(commented, documented), [], 'not documented')
  assert.equal(without(documented, commented), [], 'only documented')
  assert.equal(
    named.map((name) => name.replaceAll("'", '`')).toSorted(),
    documented.map((row) => row.split(' | ')[0]).toSorted(),
  )
})

test('docs/dependencies.md gives a reason for each dependency', async () => {
  const rows = tableRows(await read('docs/dependencies.md'))
  const packages = await readPackages()
  const needed = packages.flatMap(({ dependencies, devDependencies }) => [
    ...dependencies,
    ...devDependencies,
  ])
  const foreign = new Set(needed.filter((name) => !name.startsWith('@curfew/')).map((name) => `\`${name}\``))

  assert.equal(rows.map(([name]) => name).toSorted(), [...foreign].toSorted())
  assert.equal(
    rows.filter(([, reason = '']) => reason.length < 10),
    [],
  )
})

test('every file of tests that a document names is there', async () => {
  const named = (await readPages()).flatMap(({ path, text }) =>
    [...text.matchAll(/`([\w./*-]+\.test\.ts)`/g)].map(([, name = '']) => ({ path, name })),
  )
  const isThere = (name: string) => {
    const pattern = new RegExp(`(^|/)${name.replaceAll('.', '\\.').replaceAll('*', '[\\w.-]*')}$`)
    return sources.some(({ path }) => pattern.test(path))
  }

  assert.ok(named.length > 0)
  assert.equal(
    named.filter(({ name }) => !isThere(name)),
    [],
  )
})

test('the catalog names no package that nobody depends on', async () => {
  const [, catalog = ''] = /^catalog:\n((?: {2}.*\n)+)/m.exec(await read('pnpm-workspace.yaml')) ?? []
  const catalogued = [...catalog.matchAll(/^ {2}"?([^":\s]+)"?:/gm)].map(([, name = '']) => name)
  const documented = firstCells(await read('docs/dependencies.md'))

  assert.equal(catalogued.toSorted(), documented.toSorted())
})

test.run()

/** `PORT: port(4001)` and the like: a reader under the name of its variable. */
function readersIn(text: string): string[] {
  return [...text.matchAll(/^ {2,}([A-Z][A-Z0-9_]+): [a-z]\w*[(,\n]/gm)].map(([, name = '']) => name)
}

/** One row may name several variables that belong together. */
function variablesIn([first = '']: readonly string[]): string[] {
  return [...first.matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map(([, name = '']) => name)
}

function without(rows: readonly string[], others: readonly string[]): string[] {
  return rows.filter((row) => !others.includes(row))
}

function asLine(cells: readonly string[]): string {
  return cells.join(' | ')
}

function spell(key: unknown): string {
  if (typeof key !== 'function') return String(key)
  const spelled: unknown = Reflect.apply(key, undefined, ['<>', '<>'])
  return String(spelled)
}

/** What stands in angle brackets is an example; what follows the dots is somebody else's. */
function shape(key: string): string {
  return key.replaceAll(/<[^>]*>/g, '<>').replace(/:…$/, '')
}
