import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ROOT } from '../root.js'
import { compile } from './compile.js'
import { readPages } from './sources.js'

const test = suite('conventions: code in documents')

/**
 * A block that begins with three backquotes and `ts compiled` is checked by the compiler. One that goes on
 * with a name, `ts compiled guard.ts`, can be imported by the other blocks of its page.
 */
const BLOCK = /^```ts compiled(?: (\S+\.ts))?\n([\s\S]*?)^```$/gm

test('blocks that say that they compile, compile', async () => {
  // Inside test/, where the packages that the blocks import can be found.
  const folder = join(ROOT, 'test/artifacts/code-blocks')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const files: string[] = []
  for (const page of await readPages()) {
    for (const [, name = `block-${files.length + 1}.ts`, code = ''] of page.text.matchAll(BLOCK)) {
      const file = join(page.path.replace(/\W/g, '-'), name)
      await mkdir(dirname(join(folder, file)), { recursive: true })
      await writeFile(join(folder, file), `${code}\nexport {}\n`)
      files.push(file)
    }
  }
  if (files.length === 0) return

  const settings = { composite: false, noEmit: true, noUnusedLocals: false }
  const project = { extends: '../../../tsconfig.base.json', compilerOptions: settings, files }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(project))

  assert.is(await compile(folder), '')
})

test.run()
