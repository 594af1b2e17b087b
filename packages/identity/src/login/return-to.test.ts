import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { safeReturnTo } from './return-to.js'

const test = suite('identity: return to')

const HOME = new URL('https://curfew.example')

test('a path of ours is kept, with its query and fragment', () => {
  for (const path of [
    '/',
    '/projects',
    '/projects/p1?tab=members&sort=%C3%A4#top',
    '/a//b',
    '/@ada',
    '/search?q=https://other.example/',
    '/search?q=a\u00a0b',
    '/auth/session',
    '/authors',
    '/auth/logins',
  ]) {
    const kept = safeReturnTo(path, HOME)
    assert.is(new URL(kept, HOME).href, new URL(path, HOME).href, path)
  }
})

/** Each of them is, or becomes somewhere on its way, the address of another origin, or a loop. */
const ATTACKS: readonly unknown[] = [
  undefined,
  null,
  ['/projects', '//evil.example'],
  '',
  'projects',
  ' /projects',
  'https://evil.example',
  'https://evil.example/',
  'https:evil.example',
  'https:/evil.example',
  'http://curfew.example/',
  'https://curfew.example@evil.example/',
  'https://curfew.example:444/',
  'javascript:alert(1)',
  'data:text/html,x',
  '//evil.example',
  '///evil.example',
  '////evil.example/',
  '//evil.example/%2f..',
  '//user@evil.example/',
  '//curfew.example@evil.example',
  '/\\evil.example',
  '\\/evil.example',
  '\\\\evil.example',
  '/\\/evil.example',
  '/a\\..\\..\\evil.example',
  '/%2f/evil.example',
  '/%2Fevil.example',
  '/%2f%2fevil.example',
  '/%5cevil.example',
  '/%5C%5Cevil.example',
  '/%252fevil.example',
  '/%255cevil.example',
  '/%25252fevil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/a/..//evil.example',
  '/%2e//evil.example',
  '/a/%2e%2e//evil.example',
  '/.%2f/evil.example',
  '/%2e%2f/evil.example',
  '/a/..%2f/evil.example',
  '/a/%2e%2e%2f%2fevil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/\r\nSet-Cookie:x=1',
  '/%0d%0aSet-Cookie:x=1',
  '/%09/evil.example',
  '/%00',
  '\u0000/evil.example',
  '/\u007f/evil.example',
  '/auth/login',
  '/auth/login?return_to=/auth/login',
  '/auth/login/dev',
  '/auth/callback/dev?code=x&state=y',
  '/AUTH/LOGIN',
  '/projects/../auth/login',
  '/auth/./login',
  '/auth/%2e/login',
  '/auth/%6cogin',
  '/auth%2flogin',
  '/auth//login',
  `/${'a'.repeat(2_000)}`,
  `/${'ä'.repeat(400)}`,
]

test('everything else leads to the start page', () => {
  for (const attack of ATTACKS) assert.is(safeReturnTo(attack, HOME), '/', JSON.stringify(attack))
})

test('whatever it is given, it stays at home: as it is, and decoded by something on the way', () => {
  const pieces = fc.constantFrom(
    ...['/', '\\', '%2f', '%5c', '%25', '.', '..', '%2e', '@', ':', '?', '#', '%', '\t', '\n', ' '],
    ...['evil.example', 'https:', 'auth', 'login', 'a', 'é', '\u3002', '\uff0f', '\u2028'],
  )
  const texts = fc.oneof(
    fc.array(pieces, { maxLength: 12 }).map((parts) => `/${parts.join('')}`),
    fc.string(),
  )
  fc.assert(
    fc.property(texts, (text) => {
      const path = safeReturnTo(text, HOME)
      for (const form of [path, decoded(path)]) {
        const url = new URL(form, HOME)
        assert.is(url.origin, HOME.origin, form)
        assert.not.ok(url.pathname.startsWith('//'), form)
      }
      assert.ok(path.startsWith('/') && !path.startsWith('//'), path)
      assert.ok(/^[\u0021-\u007e]+$/.test(path), 'it can stand in a header as it is')
      assert.is(safeReturnTo(path, HOME), path, 'asked again, it answers the same')
    }),
    { numRuns: 5_000 },
  )
})

/** What a careless proxy makes of a path. */
function decoded(path: string): string {
  const [start = ''] = path.split(/[?#]/, 1)
  try {
    return decodeURIComponent(start)
  } catch {
    return start
  }
}

test.run()
