import { rejects } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { projectName } from './project.js'

const test = suite('projects: names')

const refused = (text: string) => rejects(Promise.resolve(text).then(projectName), 'invalid-input')

test('a name has no space around it', () => {
  assert.is(projectName('  Engine room \n'), 'Engine room')
})

test('a name has at least one character', async () => {
  for (const text of ['', '   ', '\n\t']) await refused(text)
})

test('a name has at most 100 characters, as people count them', async () => {
  assert.is(projectName('x'.repeat(100)), 'x'.repeat(100))
  assert.is(projectName('🔔'.repeat(100)), '🔔'.repeat(100))
  await refused('x'.repeat(101))
})

test('a name is one line of text that stays where it is', async () => {
  for (const character of ['\0', '\n', '\x1b', '\x7f', '\u2028', '\u202e', '\u2066', '\ud800']) {
    await refused(`Eng${character}ine`)
  }
})

test('a name may be in any script, and joined from several characters', () => {
  for (const name of ['Größe', 'مشروع', '計画', '👩‍🚀 moon', '<b>bold</b>', '“quoted” & more']) {
    assert.is(projectName(name), name)
  }
})

test.run()
