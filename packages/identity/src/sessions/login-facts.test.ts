import { parseEvent } from '@curfew/contract'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenIdentity } from '../testing/given-identity.js'

const test = suite('identity: login facts')

test('what the provider says of somebody now and did not before is told with the old and the new value', async () => {
  await using world = await givenIdentity()
  await world.login({ name: 'Ada Lovelace', roles: ['viewer'] })

  const { record } = await world.login({ name: 'Ada Byron', roles: ['viewer', 'admin'] })

  const told = (await eventsOf(world)).slice(1).map(({ type, subject, data }) => {
    const { actor, field, before, after, ref } = data
    return { type, subject, actor, field, before, after, ref }
  })
  const common = { subject: record.user.id, ref: record.ref }
  const changed = { type: 'user.changed', actor: 'system', ...common }
  assert.equal(told, [
    { ...changed, field: 'roles', before: 'viewer', after: 'admin, viewer' },
    { ...changed, field: 'name', before: 'Ada Lovelace', after: 'Ada Byron' },
    {
      type: 'session.created',
      actor: record.user.id,
      field: undefined,
      before: undefined,
      after: undefined,
      ...common,
    },
  ])
})

test('a login tells the roles that it came with, and whether it was the first', async () => {
  await using world = await givenIdentity()
  await world.login({ roles: ['viewer', 'admin'] })
  // Nothing has changed: providers list roles in any order.
  await world.login({ roles: ['admin', 'viewer'] })

  assert.equal(
    (await eventsOf(world)).map(({ type, data }) => [type, data['roles'], data['isFirst']]),
    [
      ['session.created', 'admin, viewer', true],
      ['session.created', 'admin, viewer', undefined],
    ],
  )
})

test.run()

async function eventsOf({ redis, keys }: Awaited<ReturnType<typeof givenIdentity>>) {
  const entries = await redis.xrange(keys.log, '-', '+')
  return entries.flatMap(([, [, json = '']]) => parseEvent(json) ?? [])
}
