import { createHash } from 'node:crypto'
import { boundMs } from '@curfew/contract'
import { eventually, redisUrl } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readReceipt } from '../testing/answers.js'
import { givenApp, type SignedIn } from '../testing/given-app.js'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'
import { createBell } from './bell.js'
import type { Remembering } from './coordinator.js'
import { type RecordDurably, recordOnDisk } from './record-durably.js'
import { type Remembered, rememberSignOffs } from './remembered.js'
import { END_SESSION, WITNESS_HISTORY } from './scripts.js'
import { createSignOffs } from './sign-offs.js'

const test = suite('identity: what an acknowledgement proves')

const LEASE_MS = 1_000

test('what everybody has said of a settled history is confirmed, and Redis is asked nothing more', async () => {
  await using world = await givenIdentity({ leaseMs: LEASE_MS })
  await using identity = await mountIdentity(world)
  await world.settled()
  const { record } = await world.login()
  identity.scripts.length = 0

  const signedOff = await identity.signOffs.endSession(record, 'logged-out', ADMIN)
  const receipt = await signedOff?.within()

  assert.is(receipt?.confirmed, true)
  assert.equal(
    receipt?.instances.map(({ state }) => state),
    ['applied', 'applied'],
  )
  assert.equal(identity.scripts, ['END_SESSION'])
})

test('what was decided before the history was settled is confirmed once Redis was witness', async () => {
  await using world = await givenIdentity({ leaseMs: LEASE_MS })
  await using identity = await mountIdentity(world)
  const { record } = await world.login()
  identity.scripts.length = 0

  const signedOff = await identity.signOffs.endSession(record, 'logged-out', ADMIN)
  const receipt = await signedOff?.within()

  assert.is(receipt?.confirmed, true)
  assert.equal(identity.scripts.slice(0, 2), ['END_SESSION', 'WITNESS_HISTORY'])
})

test('what everybody has said while it was read who is blocked is looked at as soon as that is known', async () => {
  await using world = await givenIdentity({ leaseMs: 3_000 })
  let inform: () => void = () => assert.unreachable('nobody listens')
  const remembered: { upTo: Remembering | null; onInformed(listener: () => void): void } = {
    upTo: null,
    onInformed(listener) {
      inform = listener
    },
  }
  await using identity = await mountIdentity(world, remembered)
  await world.settled()
  const { record } = await world.login()
  const signedOff = await identity.signOffs.endSession(record, 'logged-out', ADMIN)
  await eventually(() => signedOff?.receipt().instances.every(({ state }) => state === 'applied'))

  remembered.upTo = { history: identity.history(), sequence: 1, since: 1 }
  inform()
  const receipt = await signedOff?.within(1_000)

  assert.is(receipt?.confirmed, true)
})

test('the service itself asks Redis for nothing more', async () => {
  await using app = await givenApp({ env: { LEASE_MS: '2000' } })
  const logOut = async ({ browser }: SignedIn) =>
    readReceipt(await browser.fetchApi('/auth/logout', { method: 'POST', json: {} }))
  await eventually(async () => (await logOut(await app.login())).confirmed)
  const people = await Promise.all(
    ['ada', 'grace', 'alan', 'edsger', 'barbara'].map((subject) => app.login({ subject })),
  )
  const asked: string[] = []
  const beganAt = performance.now()
  const monitor = await app.redis.monitor()
  monitor.on('monitor', (_time, [name = '', digest = '', _count, key = '']: string[]) => {
    if (name.toLowerCase() === 'evalsha' && key === app.keys.history) asked.push(digest)
  })

  for (const one of people) assert.is((await logOut(one)).confirmed, true)
  await eventually(() => asked.filter((digest) => digest === digestOf(END_SESSION)).length === people.length)
  monitor.disconnect()

  // It looks around once in a bound, whatever happens.
  const looks = Math.ceil((performance.now() - beganAt) / boundMs(2_000))
  const witnesses = asked.filter((digest) => digest === digestOf(WITNESS_HISTORY))
  assert.ok(witnesses.length <= looks, `Redis was witness ${witnesses.length} times`)
})

test.run()

function digestOf(script: string): string {
  return createHash('sha1').update(script).digest('hex')
}

/** Identity's own guard and what it remembers, as in the service, beside the guard of another service. */
async function mountIdentity(
  world: Awaited<ReturnType<typeof givenIdentity>>,
  knowing?: Pick<Remembered, 'upTo' | 'onInformed'>,
) {
  const { redis, keys } = world
  const guard = await world.mountGuard({ service: 'identity' })
  await world.mountGuard()
  const times = { idleTtlMs: 1_800_000, absoluteTtlMs: 43_200_000 }
  const scripts: string[] = []
  const record = recordOnDisk(redis)
  const recordDurably: RecordDurably = (script, ...rest) => {
    scripts.push(NAMES.get(script) ?? script)
    return record(script, ...rest)
  }
  const fail = (error: unknown) => assert.unreachable(String(error))
  const remembered = rememberSignOffs({ redis, keys, guard, onError: fail })
  await remembered.refresh()
  const bell = createBell({
    redis,
    ears: new Redis(await redisUrl(), { lazyConnect: true, autoResubscribe: false }),
    recordDurably,
    keys,
    remembered: knowing ?? remembered,
    boundMs: boundMs(world.leaseMs),
    self: guard.instance,
    onError: fail,
  })
  await eventually(() => scripts.length > 0)
  return {
    scripts,
    history: () => guard.stats().history ?? '',
    signOffs: createSignOffs({ redis, recordDurably, keys, bell, guard, remembered, times, onError: fail }),
    async [Symbol.asyncDispose]() {
      remembered.close()
      bell.close()
    },
  }
}

const NAMES = new Map([
  [END_SESSION, 'END_SESSION'],
  [WITNESS_HISTORY, 'WITNESS_HISTORY'],
])
