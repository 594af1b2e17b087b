import { keysOf, parseEvent } from '@curfew/contract'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenAdmin } from './testing/given-admin.js'

const test = suite('events: exports')

test('an export has everything that fits, newest first, as NDJSON and as CSV', async () => {
  await using world = await givenAdmin()
  const ids: string[] = []
  for (let i = 0; i < 3; i++) {
    ids.push((await world.fact({ type: 'user.blocked', data: { reason: `=1+${i}, "quoted"\n` } })).id)
    await world.fact()
  }
  await world.kept(6)

  const lines = await world.browser.fetchApi('/events/export?type=user.blocked')
  const table = await world.browser.fetchApi('/events/export?type=user.blocked&format=csv')
  // found 2026-11-26: it was in the log as a copy that had been taken
  const head = await world.browser.fetchApi('/events/export?format=csv', { method: 'HEAD' })

  assert.is(lines.headers.get('content-type'), 'application/x-ndjson; charset=utf-8')
  assert.match(lines.headers.get('content-disposition') ?? '', 'attachment; filename="curfew-events.ndjson"')
  const events = lines.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(
    events.map(({ id }) => id),
    ids.toReversed(),
  )
  assert.equal(
    [head.status, head.headers.get('content-type'), head.text],
    [200, 'text/csv; charset=utf-8', ''],
  )
  assert.match(table.text, /^time,type,source,subject,/)
  assert.match(table.text, `"'=1+0, ""quoted""\n"`)
  assert.is(table.text.split('user.blocked').length - 1, 3)
  // Identity moves them into the log.
  const handedIn = await world.redis.xrange(keysOf(world.namespace).inbox('events'), '-', '+')
  const told = handedIn.flatMap(([, [, json = '']]) => parseEvent(json) ?? [])
  assert.equal(
    told.map(({ type, data }) => [type, data['format'], data['filter']]),
    [
      ['log.exported', 'ndjson', 'type=user.blocked'],
      ['log.exported', 'csv', 'type=user.blocked&format=csv'],
    ],
  )
})

test.run()
