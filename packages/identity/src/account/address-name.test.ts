import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { addressName } from '#browser/address-name.js'

const test = suite('identity: address name')

test('the loopback, in whichever spelling, is this computer', () => {
  for (const ip of ['::1', '127.0.0.1', '127.8.0.9', '::ffff:127.0.0.1', '::FFFF:127.0.0.1'])
    assert.is(addressName(ip), 'this computer')
})

test('other addresses are shown, IPv4 as such', () => {
  assert.is(addressName('203.0.113.7'), '203.0.113.7')
  assert.is(addressName('::ffff:203.0.113.7'), '203.0.113.7')
  assert.is(addressName('2001:db8::1'), '2001:db8::1')
  assert.is(addressName('1127.0.0.1'), '1127.0.0.1')
})

test.run()
