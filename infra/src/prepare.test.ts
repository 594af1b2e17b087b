import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { requireNode } from '../prepare.mjs'

const test = suite('infra: prepare')

test('a Node that is new enough passes', () => {
  for (const version of ['20.12.0', '20.20.2', '22.0.0', '100.1.0']) requireNode('20.12', version)
})

test('an older Node is refused in a sentence', () => {
  for (const version of ['18.20.4', '20.9.0', '20.11.1', '8.0.0']) {
    assert.throws(
      () => requireNode('20.12', version),
      /^Curfew needs Node 20\.12 or newer, and this is Node /,
      version,
    )
  }
})

test.run()
