import { rejects } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseFiguresQuery } from './figures-span.js'

const test = suite('events: the span of the figures')

const NOW_MS = Date.parse('2027-03-01T12:34:56.789Z')
const span = (query: Record<string, string>) => {
  const { from, to, stepSeconds } = parseFiguresQuery(query, NOW_MS)
  const [first, end] = [from, to].map((seconds) => new Date(seconds * 1_000).toISOString())
  return [first, end, stepSeconds]
}

test('without anything it is the last day, by ten minutes', () => {
  assert.equal(span({}), ['2027-02-28T12:30:00.000Z', '2027-03-01T12:40:00.000Z', 600])
  assert.equal(span({ from: '', to: '' }), span({}))
})

test('what is asked for is moved outwards to where steps begin', () => {
  assert.equal(span({ from: '2027-03-01T11:30:30Z' }), [
    '2027-03-01T11:30:00.000Z',
    '2027-03-01T12:35:00.000Z',
    60,
  ])
  assert.equal(span({ from: '2027-02-01', to: '2027-03-01' }), [
    '2027-02-01T00:00:00.000Z',
    '2027-03-01T00:00:00.000Z',
    21_600,
  ])
  assert.equal(span({ to: '2027-01-02T00:00:00+01:00' }), [
    '2026-12-31T23:00:00.000Z',
    '2027-01-01T23:00:00.000Z',
    600,
  ])
})

test('a picture has about 60 to 190 steps, from an hour to ten thousand years', () => {
  for (let seconds = 3_600; seconds < 3e11; seconds *= 1.3) {
    const end = Date.parse('9999-12-31')
    const from = new Date(end - seconds * 1_000)
    if (from.getUTCFullYear() < 1) break
    const query = { from: from.toISOString(), to: new Date(end).toISOString() }
    const { stepSeconds, ...ends } = parseFiguresQuery(query)
    const steps = (ends.to - ends.from) / stepSeconds
    assert.ok(steps >= 54 && steps <= 192, `${steps} steps for ${seconds} seconds`)
    assert.is(stepSeconds % 60, 0)
  }
  const { from, to, stepSeconds } = parseFiguresQuery({ from: '0000-01-01', to: '9999-12-31' }, NOW_MS)
  assert.ok((to - from) / stepSeconds <= 192)
})

test('what is wrong is named', async () => {
  const attempt = async (query: Record<string, string | string[]>) => parseFiguresQuery(query, NOW_MS)
  for (const query of [
    { from: 'yesterday' },
    { from: '2027-03-01', to: '2027-03-01' },
    { from: '2028-01-01' },
    { to: '2027-03-01', from: ['2027-01-01', '2027-01-02'] },
    { step: '60' },
  ])
    await rejects(attempt(query), 'invalid-input')
})

test.run()
