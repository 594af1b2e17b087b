import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ROOT } from '../root.js'
import { compile } from './compile.js'
import { read } from './sources.js'

const test = suite('conventions: who consumes guard')

/** What a careful consumer sets, who knows neither our settings nor a browser's types. */
const SETTINGS = {
  target: 'ES2022',
  lib: ['ES2023'],
  types: ['node'],
  module: 'NodeNext',
  strict: true,
  skipLibCheck: false,
  noEmit: true,
}

test('needs no skipLibCheck for any of its entry points', async () => {
  const guard: { exports: object } = JSON.parse(await read('packages/guard/package.json'))
  const entries = Object.keys(guard.exports).map((entry) => join('@curfew/guard', entry))
  const folder = join(ROOT, 'test/artifacts/guard-consumers')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await writeFile(
    join(folder, 'consumer.ts'),
    entries.map((entry) => `import ${JSON.stringify(entry)}\n`).join(''),
  )
  const project = { compilerOptions: SETTINGS, files: ['consumer.ts'] }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(project))

  assert.is(await compile(folder), '')
})

test.run()
