import { boundMs } from '@curfew/contract'
import { eventually, redisUrl } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'
import { createBell } from './bell.js'
import { type RecordDurably, recordOnDisk } from './record-durably.js'
import { rememberSignOffs } from './remembered.js'
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

test.run()

/** Identity's own guard and what it remembers, as in the service, beside the guard of another service. */
async function mountIdentity(world: Awaited<ReturnType<typeof givenIdentity>>) {
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
    remembered,
    boundMs: boundMs(LEASE_MS),
    self: guard.instance,
    onError: fail,
  })
  await eventually(() => scripts.length > 0)
  return {
    scripts,
    signOffs: createSignOffs({ redis, recordDurably, keys, bell, guard, remembered, times }),
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
