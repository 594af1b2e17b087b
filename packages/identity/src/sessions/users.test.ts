import { rejects } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'

const test = suite('identity: users')

test('a user is found by the beginning of each word of the name, by address and by subject', async () => {
  await using world = await givenIdentity()
  await world.login({ subject: 'ada', name: 'Ada Lovelace' })
  await world.login({ subject: 'grace', name: 'Grace Hopper' })

  for (const query of ['ada', 'LOVE', 'lovelace ada', 'ada@exam', 'Ada L']) {
    const { users } = await world.users.search(query, null)
    assert.equal(
      users.map(({ name }) => name),
      ['Ada Lovelace'],
      query,
    )
  }
  assert.equal((await world.users.search('nobody', null)).users, [])
})

test('without a query all users are listed, newest login first, by pages', async () => {
  await using world = await givenIdentity()
  for (let i = 0; i < 60; i++) await world.login({ subject: `user-${i}`, name: `User ${i}` })

  const first = await world.users.search('', null)
  const second = await world.users.search('', first.next)

  assert.is(first.users.length, 50)
  assert.is(second.users.length, 10)
  assert.is(second.next, null)
  assert.is(new Set([...first.users, ...second.users].map(({ id }) => id)).size, 60)
})

// found 2026-11-27: whose name and address begin alike was found twice, and a page held half as many people
test('who is found by several of their words is found once, and pages are as long as they can be', async () => {
  await using world = await givenIdentity()
  for (let i = 0; i < 60; i++) await world.login({ subject: `person-${i}`, name: `Person Personson ${i}` })

  const first = await world.users.search('person', null)
  const second = await world.users.search('person', first.next)

  assert.is(first.users.length, 50)
  assert.is(second.users.length, 10)
  assert.is(second.next, null)
  assert.is(new Set([...first.users, ...second.users].map(({ id }) => id)).size, 60)
})

// found 2026-11-27: pages went by number, so that each who signed in meanwhile pushed somebody onto the next one again
for (const [query, name] of [
  ['', 'listed'],
  ['person', 'found'],
] as const) {
  test(`who signs in between two pages makes nobody be ${name} twice, and nobody be missed`, async () => {
    await using world = await givenIdentity()
    const ids: string[] = []
    for (let i = 0; i < 60; i++) {
      ids.push((await world.login({ subject: `b-${i}`, name: `Person ${i}` })).record.user.id)
    }

    const first = await world.users.search(query, null)
    for (let i = 0; i < 3; i++) await world.login({ subject: `a-${i}`, name: `Person 0${i}` })
    const [again] = first.users
    await world.login({ subject: again?.subject ?? '', name: again?.name ?? '' })
    const second = await world.users.search(query, first.next)

    const seen = [...first.users, ...second.users].map(({ id }) => id).filter((id) => ids.includes(id))
    assert.equal(seen.toSorted(), ids.toSorted())
    assert.is(second.next, null)
  })
}

test('of many who signed in at the same moment each is listed once', async () => {
  await using world = await givenIdentity()
  for (let i = 0; i < 120; i++) await world.login({ subject: `user-${i}`, name: `User ${i}` })
  for (const id of await world.redis.zrange(world.keys.users, '0', '-1')) {
    await world.redis.zadd(world.keys.users, 1_000, id)
  }

  const pages = await allPages(world, '')

  assert.equal(
    pages.map(({ users }) => users.length),
    [50, 50, 20],
  )
  assert.is(new Set(pages.flatMap(({ users }) => users.map(({ id }) => id))).size, 120)
})

test('a cursor of another question is refused', async () => {
  await using world = await givenIdentity()
  for (let i = 0; i < 60; i++) await world.login({ subject: `user-${i}`, name: `Person ${i}` })
  const [listed, found] = [await world.users.search('', null), await world.users.search('person', null)]

  for (const [query, cursor] of [
    ['person', listed.next],
    ['', found.next],
    ['pers0n', found.next],
    ['', '50'],
    ['person', '50'],
  ] as const) {
    assert.type(cursor, 'string')
    await rejects(world.users.search(query, cursor), 'invalid-input')
  }
})

test('a page that is the last, and full, says so', async () => {
  await using world = await givenIdentity()
  for (let i = 0; i < 50; i++) await world.login({ subject: `person-${i}`, name: `Person ${i}` })

  for (const query of ['', 'person']) {
    const { users, next } = await world.users.search(query, null)
    assert.equal([users.length, next], [50, null], query)
  }
})

test('a user shows how many sessions there are, and that they are blocked', async () => {
  await using world = await givenIdentity()
  const { record } = await world.login()
  await world.login()
  assert.is((await world.users.find(record.user.id))?.sessions, 2)

  await world.signOffs.block(record.user, ADMIN, 'why')

  const user = await world.users.find(record.user.id)
  assert.is(user?.sessions, 0)
  assert.is(user?.blocked?.by, ADMIN.id)
})

test('nobody is found under an id that nobody has', async () => {
  await using world = await givenIdentity()

  assert.is(await world.users.find('nobody'), null)
})

test.run()

async function allPages({ users }: Awaited<ReturnType<typeof givenIdentity>>, query: string) {
  const pages = [await users.search(query, null)]
  for (;;) {
    const next = pages.at(-1)?.next ?? null
    if (next === null) return pages
    pages.push(await users.search(query, next))
  }
}
