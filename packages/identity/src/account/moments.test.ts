import { renderHtml } from '@curfew/service'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lengthInWords, moment, relativeWords, tookWords } from './moments.js'

const test = suite('identity: moments')

const NOW = Date.UTC(2027, 0, 12, 18, 30, 5)
const MINUTE = 60_000
const HOUR = 60 * MINUTE

test('what is past is rounded down, what lies ahead up', () => {
  for (const [distance, words] of [
    [0, 'just now'],
    [-59_999, 'just now'],
    [-MINUTE, '1 minute ago'],
    [-59.9 * MINUTE, '59 minutes ago'],
    [-HOUR, '1 hour ago'],
    [-47 * HOUR, '1 day ago'],
    [-72 * HOUR, '3 days ago'],
    [1, 'within a minute'],
    [MINUTE, 'in 1 minute'],
    [12 * HOUR - 1, 'in 12 hours'],
  ] as const) {
    assert.is(relativeWords(NOW + distance, NOW), words)
  }
})

test('the exact moment stands behind the words', () => {
  const markup = renderHtml(moment(NOW - 5 * MINUTE, NOW))

  assert.match(markup, 'datetime="2027-01-12T18:25:05.000Z"')
  assert.match(markup, /title="12 January 2027[^"]* 18:25:05 UTC"/)
  assert.match(markup, '>5 minutes ago</time>')
})

test('lengths are in the largest unit that needs no fraction', () => {
  assert.is(lengthInWords(30 * MINUTE), '30 minutes')
  assert.is(lengthInWords(HOUR), '1 hour')
  assert.is(lengthInWords(90_000), '90 seconds')
  assert.is(lengthInWords(5_000), '5 seconds')
})

test('what a sign-off took has as many digits as help', () => {
  assert.equal([0, 2.34, 9.94, 12.6, 412, 5_100].map(tookWords), [
    '0.0 ms',
    '2.3 ms',
    '9.9 ms',
    '13 ms',
    '412 ms',
    '5.1 s',
  ])
})

test.run()
