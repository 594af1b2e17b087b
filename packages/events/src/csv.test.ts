import { createEvent } from '@curfew/contract'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { csvHead, csvRow } from './csv.js'

const test = suite('events: CSV')

const COLUMN = csvHead().split(',').indexOf('reason')
/** How a cell with this text is written. */
function cell(reason: string): string {
  const row = csvRow(createEvent('identity', 'user.blocked', 'ada', { actor: 'root', reason }))
  const [before, after] = ['/identity,ada,,root,,', ',,,,,,']
  const start = row.indexOf(before) + before.length
  assert.ok(COLUMN > 0 && start > before.length)
  return row.slice(start, row.indexOf(after, start))
}

test('a cell is what it holds, in quotes where RFC 4180 wants them', () => {
  assert.is(cell('Lost laptop'), 'Lost laptop')
  assert.is(cell('so, “so” "so"'), '"so, “so” ""so"""')
  assert.is(cell('two\nlines'), '"two\nlines"')
  assert.is(cell('1 - 1 = 0, x@y; a+b'), '"1 - 1 = 0, x@y; a+b"')
})

test('nothing in it is a formula where a cell begins', () => {
  for (const sign of ['=', '+', '-', '@']) assert.is(cell(`${sign}1`), `'${sign}1`)
  assert.is(cell('\t=1'), `"'\t'=1"`)
  assert.is(cell(' =1'), `' =1`)
})

// found 2026-11-26: Excel splits at semicolons in many countries, whatever quotes there are
test('nor where one begins for a spreadsheet that separates otherwise', () => {
  assert.is(cell('a;=1'), `"a;'=1"`)
  assert.is(cell('a\t@b\n-c\r\n+d'), `"a\t'@b\n'-c\r\n'+d"`)
  assert.is(cell('a; "=1"'), `"a;' ""=1"""`)
})

test.run()
