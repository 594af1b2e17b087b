import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isProblem, readUsers } from '../testing/answers.js'
import { givenAdmin } from '../testing/given-admin.js'

const test = suite('identity: users, as an admin finds them')

test('users are listed by their last login, and found by words of name, address and id', async () => {
  await using world = await givenAdmin()
  const { app, admin, ada } = world
  await app.login({ subject: 'grace', name: 'Grace Brewster Hopper' })
  await app.login({ subject: 'michał', name: 'Michał Łukasz Żółć' })
  await app.login({ subject: 'yamada', name: '山田 太郎' })
  const found = async (query: string) => {
    const answer = await admin.browser.fetchApi(`/auth/admin/users?query=${encodeURIComponent(query)}`)
    assert.is(answer.status, 200, answer.text)
    return readUsers(answer).users.map(({ name }) => name)
  }

  const all = readUsers(await admin.browser.fetchApi('/auth/admin/users'))
  assert.is(all.next, null)
  assert.equal(
    all.users.map(({ name }) => name),
    ['山田 太郎', 'Michał Łukasz Żółć', 'Grace Brewster Hopper', 'Ada Lovelace', 'Root Admin'],
  )
  assert.equal(all.users[3], {
    id: ada.record.user.id,
    issuer: 'http://provider.test',
    subject: 'ada',
    provider: 'dev',
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    picture: null,
    roles: ['editor'],
    blocked: null,
    createdAt: all.users[3]?.createdAt,
    lastLoginAt: all.users[3]?.lastLoginAt,
    sessions: 1,
  })

  assert.equal(await found('LOVE'), ['Ada Lovelace'])
  assert.equal(await found('hopper grace'), ['Grace Brewster Hopper'])
  assert.equal(await found('hopper ada'), [])
  assert.equal(await found('ada@example.com'), ['Ada Lovelace'])
  for (const query of ['micha', 'mich', 'michał', 'ł', 'żó', 'ŻÓŁĆ']) {
    assert.equal(await found(query), ['Michał Łukasz Żółć'], query)
  }
  assert.equal(await found('山'), ['山田 太郎'])
  for (const query of ['zzz', '[', '(', '+', '-', '\\', '*', '\u0000', '\n', 'ove']) {
    assert.equal(
      (await found(query)).filter((name) => name === 'Ada Lovelace' && query !== '\n'),
      [],
      query,
    )
  }
})

test('pages follow each other without a gap, and a cursor that nobody gave is refused', async () => {
  await using world = await givenAdmin()
  const { app, admin } = world
  const names = Array.from({ length: 118 }, (_, i) => `Person Number${i}`)
  await Promise.all(names.map((name, i) => app.login({ subject: `person-${i}`, name })))

  for (const [query, least] of [
    ['', 120],
    ['person', 118],
  ] as const) {
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const page = readUsers(await admin.browser.fetchApi(`/auth/admin/users?query=${query}${more}`))
      assert.ok(page.users.length <= 50)
      seen.push(...page.users.map(({ id }) => id))
      cursor = page.next
    }
    assert.is(new Set(seen).size, least, query)
    assert.is(seen.length, least, query)
  }

  for (const cursor of ['x', '-1', '1.5', '', '1e3', '9999999999', '%00', '50&cursor=100']) {
    isProblem(await admin.browser.fetchApi(`/auth/admin/users?cursor=${cursor}`), 422, 'invalid-input')
  }
  isProblem(await admin.browser.fetchApi(`/auth/admin/users?query=${'a'.repeat(201)}`), 422, 'invalid-input')
  isProblem(await admin.browser.fetchApi('/auth/admin/users?query=a&query=b'), 422, 'invalid-input')
  const end = `0.${'A'.repeat(22)}`
  assert.equal(readUsers(await admin.browser.fetchApi(`/auth/admin/users?cursor=${end}`)).users, [])
})

test.run()
