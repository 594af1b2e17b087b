import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { read, readSources, type SourceFile, withoutComments } from './sources.js'
import { firstCells } from './tables.js'

const test = suite('conventions: what no file has')

const sources = await readSources()
const isConfig = ({ path }: SourceFile) => /\/config\.ts$/.test(path)
const isKeys = ({ path }: SourceFile) => /\/keys\.ts$/.test(path)
const isSeam = ({ path }: SourceFile) => path.includes('/seams/')
const isTestFile = ({ path }: SourceFile) => path.endsWith('.test.ts')

test('only keys.ts spells a Redis key', async () => {
  const table = firstCells(await read('packages/contract/src/keys.ts'))
  const nouns = [...new Set(table.map((key) => key.split(':')[2] ?? ''))]
  // A script appends to a prefix that keys.ts made, and then names what the table names.
  const appended = new RegExp(`\\.\\. ['"](?!(?:${nouns.join('|')}|ended|sessions):|:)[a-z-]+:`)
  const spelled = new RegExp(
    `\\{\\$\\{\\w+\\}:|\\{curfew:|(?<!\\.\\. )['"\`](?:${nouns.join('|')}):(?!['"]? ?['"\`])`,
  )
  const isForeign = (file: SourceFile) => !isKeys(file) && !file.isTest && !file.path.startsWith('infra/')

  assert.equal(linesOf(spelled, isForeign), [])
  assert.equal(linesOf(appended, isForeign), [])
})

test('only config.ts reads the environment', () => {
  // Service hands it to config.ts; what runs before anything is installed has no config.ts.
  const allowed = /^packages\/service\/src\/exit\.ts$|^infra\/|^test\//

  assert.equal(
    linesOf(/\bprocess\.env\b/, (file) => !isConfig(file) && !allowed.test(file.path)),
    [],
  )
})

test('no type is any, and types are cast in seams only', () => {
  const named = '(?:[A-Z{[]|unknown|string|number|boolean|never|object|readonly|keyof|typeof)'
  const cast = new RegExp(`^(?!.*\\b(?:import|export)\\b).*[\\w)\\]}] as ${named}`)
  const renamed = /^\s*(?:type )?[\w$]+ as [\w$]+,?$/ // a line of a long import
  const isTypeScript = (file: SourceFile) => !isSeam(file) && /\.tsx?$/.test(file.path)

  assert.equal(linesOf(/: any\b|<any\b|\bas any\b|\bany\[\]/, isTypeScript, withoutText), [])
  assert.equal(
    linesOf(cast, isTypeScript, withoutText).filter((line) => !renamed.test(line.replace(/^\S+ /, ''))),
    [],
  )
})

test('no path of a machine is in the code', () => {
  assert.equal(
    linesOf(/(?:^|[^\w.])\/(?:work|home|Users|farm)\/\w|\/tmp\/\w{4,}/, () => true),
    [],
  )
})

test('no test sleeps', () => {
  const sleeps =
    /await (?:sleep|delay|wait|setTimeout|pause)\(\s*\d|setTimeout\((?:resolve|done|r|ok|fulfil)\b/

  assert.equal(linesOf(sleeps, isTestFile), [])
})

test('no error is swallowed', () => {
  const swallowed = /catch *(?:\(\w+\))? *\{ *\}|\.catch\(\(\w*\) *=> *(?:\{ *\}|undefined|null)\)/

  assert.equal(
    linesOf(swallowed, () => true),
    [],
  )
})

test('a test file has one suite, no hooks, and ends with test.run()', () => {
  const wrong = sources.filter(isTestFile).filter(({ text }) => {
    const hasOneSuite = [...text.matchAll(/\bsuite\(/g)].length === 1
    const registersLate = /^test\.run\(\)[\s\S]*^test\(/m.test(text)
    const hasHooks = /\btest\.(?:before|after)\b/.test(withoutComments(text))
    return !hasOneSuite || registersLate || hasHooks || !/^test\.run\(\)$/m.test(text)
  })

  assert.equal(
    wrong.map(({ path }) => path),
    [],
  )
})

test('every test file is where the runner looks', () => {
  const unseen = sources.filter((file) => isTestFile(file) && !file.path.startsWith(`${file.home}/src/`))

  assert.equal(
    unseen.map(({ path }) => path),
    [],
  )
})

test('no folder is a drawer', () => {
  const drawers = sources.filter(({ path }) =>
    /(?:^|\/)(?:utils?|helpers?|common|misc|lib)(?:\/|\.ts$)/.test(path),
  )

  assert.equal(
    drawers.map(({ path }) => path),
    [],
  )
})

test.run()

/** Where code, not a comment, looks like `pattern`: `path:line text`. */
function linesOf(
  pattern: RegExp,
  applies: (file: SourceFile) => boolean,
  view: (text: string) => string = (text) => text,
): string[] {
  return sources.filter(applies).flatMap(({ path, text }) =>
    view(withoutComments(text))
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [])),
  )
}

/** Without what stands in quotes, in templates, and in regular expressions, as far as it is on one line. */
function withoutText(code: string): string {
  return code.replace(
    /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`[^`$\n]*`|\/(?![/*])(?:\\.|[^/\\\n])+\/[a-z]*/g,
    "''",
  )
}
