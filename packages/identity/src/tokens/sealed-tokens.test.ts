import { randomBytes } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createSeal, SealUnknown } from './seal.js'
import { openTokens, sealTokens } from './sealed-tokens.js'

const test = suite('identity: sealed tokens')

const TOKENS = { accessToken: 'gold', refreshToken: 'silver', idToken: null, accessTokenExpiresAt: 1 }

test('what is sealed for a session is opened for it', () => {
  const seal = createSeal([randomBytes(32)])

  assert.equal(openTokens(seal, sealTokens(seal, TOKENS, 'ref-1'), 'ref-1'), TOKENS)
})

// found 2026-11-27: it was a SyntaxError that quoted them, and so 500 for whoever signed out
test('what a newer identity may have said is not known here, and not quoted', () => {
  const seal = createSeal([randomBytes(32)])

  for (const text of ['gold', '', '{"v":2,"accessToken":["gold"]}', 'null', '"gold"']) {
    const sealed = seal.seal(text, 'ref-1')
    assert.throws(
      () => openTokens(seal, sealed, 'ref-1'),
      (error: unknown) => error instanceof SealUnknown && !/gold/.test(String(error)),
      text,
    )
  }
})

test.run()
