import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseAwaited, parseMember } from './member.js'

const test = suite('contract: member')

const row = {
  service: 'projects',
  version: '1.2.0',
  history: 'ours',
  acknowledged: 7,
  renewals: 3,
  leaseMs: 5_000,
  renewedAt: 1_795_258_000_000,
  hooksFailed: [6],
}

test('a row is read, and what a newer version says besides is passed over', () => {
  assert.equal(parseMember('projects-1', JSON.stringify({ ...row, colour: 'green' })), {
    id: 'projects-1',
    ...row,
  })
})

test('a row in which something is missing that decides is none', () => {
  for (const name of ['service', 'history', 'acknowledged', 'renewals', 'leaseMs'])
    assert.is(parseMember('projects-1', JSON.stringify({ ...row, [name]: null })), null, name)
  for (const json of ['{"service":', '7', 'null', '[]']) assert.is(parseMember('projects-1', json), null)
})

test('one that can’t be read is waited for, in our history, from its first sign-off on', () => {
  const json = JSON.stringify({ ...row, acknowledged: 'up to 7', history: 'another' })

  const { history, acknowledged } = parseAwaited('projects-1', json, 'ours')

  assert.equal({ history, acknowledged }, { history: 'ours', acknowledged: 0 })
})

// found 2026-11-27: it was waited for as long as a lease of ours, though its own was longer
test('one that can’t be read has the lease that it says, where it says one', () => {
  const leaseOf = (json: string) => parseAwaited('projects-1', json, 'ours').leaseMs

  assert.is(leaseOf('{"format":2,"leaseMs":60000}'), 60_000)
  for (const silent of ['{"format":2}', '{"format":2,"leaseMs":"60 s"}', 'not a row', '7', 'null'])
    assert.is(leaseOf(silent), 0, silent)
})

test.run()
