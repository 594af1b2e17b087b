import { rejects } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeCursor } from './cursors.js'
import { parseExportQuery, parsePageQuery, parseStreamQuery, type Query } from './log-query.js'

const test = suite('events: log query')

const CURSOR = encodeCursor(51)

test('without parameters: the newest page of everything', () => {
  const { filter, limit, before, after } = parsePageQuery({})

  assert.ok(Object.values(filter).every((value) => value === undefined))
  assert.equal([limit, before, after], [50, undefined, undefined])
})

test('parameters become a filter; an empty one is none', () => {
  const { filter, limit, before } = parsePageQuery({
    type: ['session.*', 'user.blocked,user.promoted'],
    user: 'ada',
    correlation_id: 'c-12345678',
    from: '2027-03-01',
    to: '2027-03-01T12:00:00+01:00',
    text: '',
    limit: '7',
    before: CURSOR,
  })

  assert.equal(filter.types, ['session.*', 'user.blocked', 'user.promoted'])
  assert.equal([filter.user, filter.correlationId, filter.text], ['ada', 'c-12345678', undefined])
  assert.equal([filter.from, filter.to], [Date.UTC(2027, 2, 1), Date.UTC(2027, 2, 1, 11)])
  assert.equal([limit, before], [7, 51])
})

test('what is wrong is named', async () => {
  const wrong: Record<string, Query[string]> = {
    type: 'exploded',
    ref: 'short',
    user: ['ada', 'vito'],
    text: 'x'.repeat(201),
    from: 'yesterday',
    to: '2027-13-01',
    limit: '0',
    before: 'garbage',
    after: 'garbage',
    colour: 'red',
  }
  for (const [name, value] of Object.entries(wrong)) {
    const parsing = Promise.resolve().then(() => parsePageQuery({ [name]: value }))
    const error = await rejects(parsing, 'invalid-input')
    assert.match(error.message, name)
  }
})

test('the header that a reconnecting browser sends counts more than the address it repeats', () => {
  const [header, parameter, since] = [9, 5, 1].map(encodeCursor)

  const query = { last_event_id: parameter, since }
  assert.is(parseStreamQuery(query, header ?? '').since, 9)
  assert.is(parseStreamQuery(query, '').since, 5)
  assert.is(parseStreamQuery({ since }, '').since, 1)
  assert.is(parseStreamQuery({}, '').since, undefined)
})

test('a Last-Event-ID that is none is named', async () => {
  const error = await rejects(
    Promise.resolve().then(() => parseStreamQuery({}, '1795261235524-0')),
    'invalid-input',
  )
  assert.match(error.message, 'Last-Event-ID')
})

test('an export is of NDJSON, unless asked otherwise, and takes the same filters', async () => {
  assert.is(parseExportQuery({}).format, 'ndjson')
  const { filter, format } = parseExportQuery({ format: 'csv', ip: '203.0.113.7' })
  assert.equal([format, filter.ip], ['csv', '203.0.113.7'])
  const error = await rejects(
    Promise.resolve().then(() => parseExportQuery({ format: 'pdf' })),
    'invalid-input',
  )
  assert.match(error.message, 'format')
})

test.run()
