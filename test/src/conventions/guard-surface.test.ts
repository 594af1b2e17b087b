import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { read, withoutComments } from './sources.js'

const test = suite('conventions: the public surface of guard')

/** What the world builds on. A change here is a change for everybody: it needs a line in CHANGELOG.md. */
const SURFACE = [
  'SessionEnded',
  'createGuard',
  'instanceName',
  'type Decision',
  'type Gap',
  'type Guard',
  'type GuardOptions',
  'type GuardStats',
  'type Hold',
  'type HoldEnd',
  'type SessionRecord',
  'type SessionSignal',
  'type SignOff',
  'type SignOffHeard',
  'type SignOffHook',
  'type StoreBehind',
]

test('is this list', async () => {
  const index = withoutComments(await read('packages/guard/src/index.ts'))
  const lists = [...index.matchAll(/export (type )?\{([^}]*)\}/g)]
  const exported = lists.flatMap(([, type = '', names = '']) =>
    names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '')
      .map((name) => `${type}${name}`),
  )

  assert.equal(exported.toSorted(), SURFACE.toSorted())
  assert.not.match(index, 'export *')
})

test('has the values that it says, and no other', async () => {
  const values = SURFACE.filter((name) => !name.startsWith('type '))

  assert.equal(Object.keys(await import('@curfew/guard')).toSorted(), values.toSorted())
})

test.run()
