import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { configuration } from './configurations.js'
import { explore } from './explore.js'
import { MUTANTS } from './mutants.js'
import { SHIPPED } from './rules.js'
import { createWorlds } from './world.js'

const test = suite('model: the reducers that ship')

/** Without these nothing is proved. */
const MUST_BE_REACHED = [
  'served from memory',
  'confirmed by all',
  'confirmed by time',
  'confirmed while a lease runs',
]

/** Those that take a second or so; `npm run model` explores all. */
for (const name of [
  'one Redis',
  'one Redis, identity itself',
  'one Redis, another sign-off',
  'one Redis, looks around',
  'longer lease',
  'machine sleeps',
  'wall clock is set',
  'hellos stray',
  'Redis restarts',
]) {
  test(`no promise is broken in any world that can be reached, and a good end can be: ${name}`, () => {
    const worlds = createWorlds(configuration(name), SHIPPED)

    const { violation, isComplete, trace, reached } = explore(worlds, { liveness: true })

    assert.is(violation, null, trace.join('\n'))
    assert.ok(isComplete)
    for (const feature of MUST_BE_REACHED) assert.ok(reached.has(feature), feature)
  })
}

for (const { name, configuration, rules, fate } of MUTANTS.filter(({ isSlow }) => !isSlow)) {
  test(`a rule that is taken out ${fate === 'survives' ? 'is missed by nobody' : 'breaks a promise'}: ${name}`, () => {
    const { violation } = explore(createWorlds(configuration, rules), { mostStates: 3_000_000 })

    assert.is(violation === null, fate === 'survives', violation ?? 'nothing is broken')
  })
}

test.run()
