import { type CurfewEvent, keysOf, type Member } from '@curfew/contract'
import { createGuard } from '@curfew/guard'
import { eventually, freshNamespace, openRedis } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type GivenApp, givenApp } from '../testing/given-app.js'
import { createNoticing, watchInstances } from './instance-facts.js'

const test = suite('identity: instance facts')

test('an instance that comes, and one that is stopped, are in the log', async () => {
  await using app = await givenApp()
  const guard = createGuard({
    redisUrl: app.redisUrl,
    service: 'projects',
    publicUrl: app.config.PUBLIC_URL,
    namespace: app.namespace,
    leaseMs: 600,
  })
  await guard.ready()
  const told = (type: string) =>
    eventually(async () =>
      (await app.everything()).find(
        (event) => event.type === type && event.data['instance'] === guard.instance,
      ),
    )

  const joined = await told('instance.joined')
  await guard.close()
  const left = await told('instance.left')

  assert.equal([joined.subject, joined.data.actor, joined.data['service']], [null, 'system', 'projects'])
  assert.is(left.data['service'], 'projects')
  assert.equal(await typesOf(app, 'instance.lost'), [])
  assert.is((await typesOf(app, 'history.opened')).length, 1)
})

test('one that does not renew its lease is lost, once, and joins again when it comes back', () => {
  const notice = createNoticing({ gapMs: 300 })
  const look = (now: number, ...members: Member[]) => inWords(notice({ history: 'h', members, now }))

  assert.equal(look(0, row('a', 1)), ['history.opened', 'instance.joined a'])
  for (const now of [200, 400, 600, 800]) assert.equal(look(now, row('a', 1)), [])
  assert.equal(look(1_000, row('a', 1)), ['instance.lost a'])
  assert.equal(look(1_200, row('a', 1)), [])
  assert.equal(look(1_400), [], 'it was taken off the table')
  assert.equal(look(1_600, row('a', 2)), ['instance.joined a'])

  assert.equal(look(1_800, row('a', 3), row('b', 7)), ['instance.joined b'])
  for (const [now, renewals] of [
    [2_000, 4],
    [2_200, 5],
    [2_400, 6],
    [2_600, 7],
  ] as const) {
    look(now, row('a', renewals), row('b', 7))
  }
  assert.equal(look(2_800, row('a', 8), row('b', 7)), ['instance.lost b'])
  assert.equal(look(3_000, row('a', 9), row('b', 8)), ['instance.joined b'])
  assert.equal(look(3_200, row('b', 9)), ['instance.left a'])
})

test('when Redis was away, or has another history, nobody is said to be lost, or to have left', () => {
  const notice = createNoticing({ gapMs: 300 })
  const look = (now: number, history: string, ...members: Member[]) =>
    inWords(notice({ history, members, now }))
  look(0, 'h1', row('a', 1))

  assert.equal(look(5_000, 'h1', row('a', 1)), [], 'it was not looked at in between')
  assert.equal(look(5_200, 'h2'), ['history.opened'])
  assert.equal(look(5_400, 'h2', row('a', 2)), ['instance.joined a'])
})

// found 2026-11-26
test('what could not be written is written with the next look, under the same id, before anything else', async () => {
  await using redis = await openRedis()
  const keys = keysOf(freshNamespace())
  const tried: string[][] = []
  const written: CurfewEvent[] = []
  let history = 'h1'
  const stop = watchInstances({
    redis,
    keys,
    history: () => history,
    leaseMs: 200,
    async write(events) {
      tried.push(events.map(({ id }) => id))
      // The next one is noticed while this one is not written yet.
      history = 'h2'
      if (tried.length < 3) throw new Error('NOREPLICAS')
      written.push(...events)
    },
    onError: () => undefined,
  })

  await eventually(() => written.length === 2)
  stop()

  assert.equal(
    written.map(({ type, data }) => `${type} ${data.after}`),
    ['history.opened h1', 'history.opened h2'],
  )
  assert.equal([tried[1], tried[2]], [tried[0], tried[0]])
})

test('two identities that notice the same write the same id', () => {
  const ids = [1, 2].map(() => {
    const notice = createNoticing({ gapMs: 300 })
    return notice({ history: 'h', members: [row('a', 1)], now: 0 }).map(({ id }) => id)
  })

  assert.equal(ids[0], ids[1])
  assert.is(new Set(ids.flat()).size, 2)
})

test.run()

function row(id: string, renewals: number): Member {
  const rest = { history: 'h', acknowledged: 0, leaseMs: 1_000, renewedAt: 0, hooksFailed: [] }
  return { id, service: 'projects', renewals, ...rest }
}

function inWords(events: readonly CurfewEvent[]): string[] {
  return events.map(({ type, data }) => [type, data['instance']].filter(Boolean).join(' '))
}

async function typesOf(app: GivenApp, wanted: string): Promise<string[]> {
  return (await app.everything()).flatMap(({ type }) => (type === wanted ? type : []))
}
