import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isPlainText, plainText } from './plain-text.js'

const test = suite('identity: plain text')

test('text is cut between characters, never within one', () => {
  assert.is(plainText(`${'a'.repeat(199)}😀b`, 200), `${'a'.repeat(199)}😀`)
  assert.is(plainText('😀'.repeat(300), 200), '😀'.repeat(200))
  assert.is(plainText('half \uD83D of a pair', 200), 'half \uFFFD of a pair')
  assert.is(plainText('half at the end \uD83D', 200), 'half at the end \uFFFD')
})

test('one line, without what is not seen but changes what is', () => {
  assert.is(plainText(' Ada\r\nLovelace\u2028\u0000\u009B ', 200), 'Ada Lovelace')
  assert.is(plainText('Ada \u202Enimda\u2066\u200F', 200), 'Ada nimda')
  assert.is(plainText('\u202E \n\t', 200), '')
})

test('text of any language is left as it is', () => {
  for (const name of ['Zoë O’Brien-Łukasz', 'عائشة', '山田 太郎', '👩‍🚀 Ada']) {
    assert.is(plainText(name, 200), name)
    assert.ok(isPlainText(name, 200))
  }
})

test('what would have to be changed is not plain', () => {
  for (const text of ['', ' ', ' a', 'a\n', 'a\u202Eb', '\uD83D', 'abcd', 7, null]) {
    assert.not(isPlainText(text, 3), String(text))
  }
})

test.run()
