import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { LARGE } from './configurations.js'
import { type Rules, SHIPPED } from './rules.js'
import { walk } from './walk.js'
import { createWorlds } from './world.js'

const test = suite('model: ways through large systems')

/** Some seconds in all; `npm run model -- --ways N --seed N` goes on. */
const FEW = { ways: 100, seed: 20_261_127 }

for (const [name, configuration] of Object.entries(LARGE)) {
  test(`no promise is broken on any way that was taken: ${name}`, () => {
    const { violation, trace, reached } = walk(createWorlds(configuration, SHIPPED), FEW)

    assert.is(violation, null, trace.join('\n'))
    for (const feature of ['served from memory', 'confirmed while a lease runs'])
      assert.ok(reached.has(feature), feature)
  })
}

const WITHOUT: Readonly<Record<string, Partial<Rules>>> = {
  'a lease': { mayServe: () => true },
  'dropping what a sign-off covers': { drops: () => false },
}
for (const [rule, without] of Object.entries(WITHOUT)) {
  test(`without ${rule} a promise is broken on one of them`, () => {
    const configuration = LARGE['one Redis restarts, and much else']
    assert.ok(configuration)

    assert.ok(walk(createWorlds(configuration, { ...SHIPPED, ...without }), FEW).violation)
  })
}

test.run()
