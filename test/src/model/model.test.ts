import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CONFIGURATIONS } from './configurations.js'
import { explore } from './explore.js'
import { MUTANTS } from './mutants.js'
import { SHIPPED } from './rules.js'
import { createWorlds } from './world.js'

const test = suite('model: the reducers that ship')

/** Those that take seconds; `pnpm model` explores all. */
for (const name of [
  'one Redis',
  'longer lease',
  'machine sleeps',
  'wall clock is set',
  'hellos stray',
] as const) {
  test(`no promise is broken in any world that can be reached: ${name}`, () => {
    const configuration = CONFIGURATIONS[name]
    if (configuration === undefined) return assert.unreachable(name)

    const { violation, isComplete, trace } = explore(createWorlds(configuration, SHIPPED))

    assert.is(violation, null, trace.join('\n'))
    assert.ok(isComplete)
  })
}

for (const { name, configuration, rules } of MUTANTS) {
  test(`a rule that is taken out breaks a promise: ${name}`, () => {
    assert.ok(explore(createWorlds(configuration, rules), 3_000_000).violation)
  })
}

test.run()
