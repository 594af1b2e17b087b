import { readFile } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { MUTANTS } from './mutants.js'
import { mutated } from './mutate.js'

const test = suite('faults: the mutants')

for (const mutant of MUTANTS) {
  test(`"${mutant.name}" still has something to break`, async () => {
    const source = await readFile(new URL(`../../../../packages/${mutant.file}`, import.meta.url), 'utf8')

    assert.is.not(mutated(source, mutant), source)
  })
}

test('there is at least one of every promise', () => {
  assert.equal([...new Set(MUTANTS.map(({ promise }) => promise))].toSorted(), [1, 2, 3, 4, 5])
})

test('docs/faults.md lists them', async () => {
  const page = await readFile(new URL('../../../../docs/faults.md', import.meta.url), 'utf8')
  const rows = MUTANTS.map(({ name, promise, scenario }) => `| ${name} | ${promise} | ${scenario} |`)

  const [, section = ''] = /^## Mutants$(.*?)^## /ms.exec(page) ?? []
  const listed = section.match(/^\| .* \| \d \| .* \|(?= .* \|$)/gm)
  assert.equal(listed, rows)
})

test('no two have one name', () => {
  assert.is(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length)
})

test.run()
