import { execFile } from 'node:child_process'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eventually, startRedis } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isProblem, readReceipt } from './testing/answers.js'
import { type GivenApp, givenApp } from './testing/given-app.js'
import { identityEnvironment } from './testing/identity-process.js'

const test = suite('identity: after Redis was restored from a copy')

/** As the operator calls it. */
const afterRestore = (env: Readonly<Record<string, string>>) =>
  promisify(execFile)(process.execPath, [new URL('./after-restore.js', import.meta.url).pathname], { env })

const sessionOf = async (app: GivenApp, cookie: string) =>
  (await app.openBrowser(cookie)).fetchApi('/auth/session')

test('nobody whom the copy calls signed in is let in, and who it calls blocked stays so', async () => {
  await using server = await startRedis({ appendonly: true })
  const before = await givenApp({ redisUrl: server.url })
  const [ada, grace, admin] = [
    await before.login(),
    await before.login({ subject: 'grace' }),
    await before.loginAdmin(),
  ]
  const block = `/auth/admin/users/${grace.record.user.id}/block`
  await admin.browser.fetchApi(block, { method: 'POST', json: {} })
  await server.stop()
  const [files, copy] = [join(server.dir, 'appendonlydir'), join(server.dir, 'copy')]
  await cp(files, copy, { recursive: true })
  await server.restart()
  await eventually(async () => (await before.identity.ready()) === true, { within: 15_000 })
  const receipt = readReceipt(await ada.browser.fetchApi('/auth/logout', { method: 'POST', json: {} }))
  await before[Symbol.asyncDispose]()

  await server.stop()
  await rm(files, { recursive: true })
  await cp(copy, files, { recursive: true })
  await server.restart()
  const { stdout } = await afterRestore(identityEnvironment(before))
  await using after = await givenApp({ redisUrl: server.url, beside: before })

  assert.is(receipt.confirmed, true)
  assert.is(
    stdout,
    'Every session has ended, by sign-off no. 2: everybody signs in again. 1 user is blocked, as in the copy: who was blocked after it was made has to be blocked again.\n',
  )
  for (const { cookie } of [ada, grace, admin])
    isProblem(await sessionOf(after, cookie), 401, 'session-required')
  assert.ok(await after.redis.hget(after.keys.user(grace.record.user.id), 'blocked'))
  const again = await after.login()
  assert.is((await again.browser.fetchApi('/auth/session')).status, 200)
  assert.is((await after.events()).at(-2)?.type, 'everyone.logged-out')
})

test('what is wrong is one sentence, and it does nothing', async () => {
  const failed = await afterRestore({}).then(
    () => null,
    (error: { code: number; stdout: string; stderr: string }) => error,
  )

  assert.is(failed?.code, 1)
  assert.is(failed?.stdout, '')
  assert.match(failed?.stderr ?? '', 'after-restore: REDIS_URL must be')
})

test.run()
