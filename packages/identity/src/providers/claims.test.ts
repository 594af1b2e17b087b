import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Claims, claimAt, profileOf, rolesOf } from './claims.js'
import { scopeFor } from './scope.js'

const test = suite('identity: claims')

const NAMES = {
  claims: { subject: ['sub'], name: ['name', 'preferred_username'], email: ['email'], picture: ['picture'] },
  rolesClaim: 'roles',
}
const ISSUER = 'https://login.example'

test('roles are found by name or path, and a name with dots comes before a path', () => {
  const claims = {
    roles: ['a'],
    realm_access: { roles: ['b'] },
    'https://example.com/roles': ['c'],
    'realm.access': { 'more.roles': ['d'] },
    'x.y': 'by name',
    x: { y: 'by path' },
  }

  assert.equal(claimAt(claims, 'roles'), ['a'])
  assert.equal(claimAt(claims, 'realm_access.roles'), ['b'])
  assert.equal(claimAt(claims, 'https://example.com/roles'), ['c'])
  assert.equal(claimAt(claims, 'realm.access.more.roles'), ['d'])
  assert.is(claimAt(claims, 'x.y'), 'by name')
  for (const missing of [
    '',
    '.',
    'roles.0',
    'nothing',
    'realm_access.nothing.roles',
    '__proto__',
    'toString',
  ]) {
    assert.is(claimAt(claims, missing), undefined, missing)
  }
})

test('roles come as a list or as one string; what is no text is no role', () => {
  assert.equal(rolesOf(['admin', 'editor', 'admin']), ['admin', 'editor'])
  assert.equal(rolesOf('admin editor'), ['admin', 'editor'])
  assert.equal(rolesOf('admin, editor'), ['admin', 'editor'])
  assert.equal(rolesOf([1, null, { name: 'admin' }, '', 'viewer']), ['viewer'])
  for (const none of [undefined, null, 7, {}, { admin: true }]) assert.equal(rolesOf(none), [])
  assert.is(rolesOf(Array.from({ length: 1_000 }, (_, i) => `role-${i}`)).length, 100)
})

test('a profile takes the first name that there is', () => {
  const full = {
    sub: 's1',
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    picture: 'https://example.com/a.png',
  }

  assert.equal(profileOf(NAMES, ISSUER, { ...full, roles: 'editor' }), {
    issuer: ISSUER,
    subject: 's1',
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    picture: 'https://example.com/a.png',
    roles: ['editor'],
  })
  assert.is(profileOf(NAMES, ISSUER, { sub: 's1', preferred_username: 'ada' })?.name, 'ada')
  assert.is(profileOf(NAMES, ISSUER, { sub: 's1', email: 'ada@example.com' })?.name, 'ada@example.com')
  assert.is(profileOf(NAMES, ISSUER, { sub: 's1', name: ' ' })?.name, 's1')
})

test('a number is a subject; nobody is no profile', () => {
  assert.is(profileOf(NAMES, ISSUER, { sub: 583231 })?.subject, '583231')
  for (const sub of [undefined, null, '', true, {}, 1.5, Number.MAX_VALUE]) {
    assert.is(profileOf(NAMES, ISSUER, { sub }), null)
  }
})

test('an address that the provider has not verified, and a picture from nowhere, are left out', () => {
  const profile = profileOf(NAMES, ISSUER, {
    sub: 's1',
    email: 'victim@example.com',
    email_verified: false,
    picture: 'javascript:alert(1)',
  })

  assert.is(profile?.email, null)
  assert.is(profile?.picture, null)
  assert.is(profile?.name, 's1')
  assert.is(profileOf(NAMES, ISSUER, { sub: 's1', email: 'not an address' })?.email, null)
})

test('a generous provider does not make the session grow', () => {
  const profile = profileOf(NAMES, ISSUER, {
    sub: 's1',
    name: 'x'.repeat(10_000),
    roles: ['r'.repeat(10_000)],
  })

  assert.ok(JSON.stringify(profile).length < 1_000)
})

// found 2026-11-21: a name was cut in the middle of a character, and Redis' scripts took the record for broken
test('what a provider says is kept as plain, well-formed text', () => {
  const given = (claims: Claims) => profileOf(NAMES, ISSUER, { sub: 's1', ...claims })
  const emoji = `${'a'.repeat(199)}😀`

  assert.is(given({ name: `${emoji}b` })?.name, emoji)
  assert.is(given({ name: 'Ada\r\n\u202EAdmin\u0007' })?.name, 'Ada Admin')
  assert.is(given({ name: '\u202E', preferred_username: 'ada' })?.name, 'ada')
  for (const email of ['ada\n@example.com', 'ad\u202Ea@example.com', 'ada@example.com\uD83D']) {
    assert.is(given({ email })?.email, null)
  }
  assert.is(given({ picture: 'https://example.com/\uD83D' })?.picture, null)
  assert.is(given({ sub: 's\uD83D' }), null)
  assert.equal(
    given({ roles: ['ad\u202Emin', 'editor\n\u0000x', '\uD83D', 'r'.repeat(201), 'Ops 😀'] })?.roles,
    ['Ops 😀'],
  )
})

test('scopes are asked for where the provider says that it knows them', () => {
  const scopes = ['openid', 'offline_access', 'roles', 'address']

  assert.is(
    scopeFor({ scope: null, issuer: ISSUER }, { scopes }),
    'openid profile email roles offline_access',
  )
  assert.is(scopeFor({ scope: null, issuer: ISSUER }, { scopes: [] }), 'openid profile email')
  assert.is(scopeFor({ scope: 'openid groups', issuer: ISSUER }, { scopes }), 'openid groups')
  assert.is(scopeFor({ scope: null, issuer: null }, { scopes: [] }), '')
})

test.run()
