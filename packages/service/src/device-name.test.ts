import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { deviceName } from '#browser/device-name.js'

const test = suite('service: a device’s name')

for (const [name, userAgent] of [
  [
    'Safari on iOS',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1',
  ],
  ['Firefox on Linux', 'Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0'],
  ['a-program-of-ours/1.0', 'a-program-of-ours/1.0'],
  ['x'.repeat(60), 'x'.repeat(512)],
  ['Unknown device', ''],
] as const) {
  test(`"${userAgent.slice(0, 60)}" is ${name}`, () => {
    assert.is(deviceName(userAgent), name)
  })
}

test.run()
