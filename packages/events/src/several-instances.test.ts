import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import {
  eventually,
  freePort,
  freshNamespace,
  givenSession,
  openFirstHistory,
  postgresUrl,
  startRedis,
} from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openLogStore } from './store/open-log-store.js'
import { follow } from './testing/follow.js'
import { givenFact } from './testing/given-events.js'

const test = suite('events: several instances on one PostgreSQL')

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url))

interface Instance extends AsyncDisposable {
  readonly url: string
  readonly process: ChildProcess
}

/** The service as it is run. */
async function startInstance(settings: Readonly<Record<string, string>>): Promise<Instance> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(process.execPath, [MAIN], {
    env: { PORT: String(port), PUBLIC_URL: 'http://localhost:4000', LOG_LEVEL: 'error', ...settings },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  await eventually(async () => (await fetch(`${url}/readyz`)).ok, { within: 60_000 })
  return {
    url,
    process: child,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

test('one is killed while entries pour in: nothing is missing, nothing twice, the chain is whole, and every viewer sees everything', async () => {
  await using server = await startRedis({ appendonly: true })
  const namespace = freshNamespace()
  await openFirstHistory(server.url, namespace)
  const redis = new Redis(server.url)
  const session = await givenSession(redis, namespace, { roles: ['admin'] })
  const database = await postgresUrl()
  const settings = { REDIS_URL: server.url, NAMESPACE: namespace, EVENT_LOG_URL: database }
  await using one = await startInstance(settings)
  await using other = await startInstance(settings)
  const store = await openLogStore(database)
  const kept = async () => (await store.size()).entries

  // As behind a proxy: whose instance is gone is led to the one that is left.
  let ofOne = one.url
  const viewers = [() => ofOne, () => ofOne, () => other.url, () => other.url].map((url) =>
    follow(url, session),
  )
  await eventually(() => viewers.every(({ connections }) => connections === 1))
  const written: string[] = []
  let isOver = false
  const writer = (async () => {
    while (!isOver) written.push((await givenFact(redis, namespace)).id)
  })()
  await eventually(async () => (await kept()) >= 300, { within: 60_000 })

  one.process.kill('SIGKILL')
  ofOne = other.url
  const atTheKilling = written.length

  await eventually(async () => (await kept()) >= atTheKilling + 300, { within: 60_000 })
  isOver = true
  await writer
  await eventually(async () => (await kept()) >= written.length, { within: 60_000 })

  const entries = await store.after(0, written.length + 1)
  assert.equal(
    entries.map(({ event }) => event.id),
    written,
  )
  const { ok, checked } = await store.verify()
  assert.equal([ok, checked], [true, written.length])
  for (const viewer of viewers) {
    await eventually(() => viewer.seen.length >= written.length, { within: 60_000 })
    assert.equal(viewer.seen, written)
    await viewer.stop()
  }
  assert.equal(
    viewers.map(({ connections }) => connections > 1),
    [true, true, false, false],
  )
  await store.close()
  redis.disconnect()
})

test.run()
