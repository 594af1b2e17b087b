/**
 * What the guard costs: `pnpm bench`. Ratios count, not absolute times: both sides run in the same minutes
 * on the same machine, in turns.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { createGuard } from '@curfew/guard'
import { freshNamespace, givenSession, openRedis, redisUrl } from '@curfew/testing'
import { load } from './load.js'

const ROUNDS = 3
const LOAD = { connections: 32, forMs: 3_000 }
const SERVER = fileURLToPath(new URL('./server.js', import.meta.url))

const redis = await openRedis()
const namespace = freshNamespace()
const { cookie } = await givenSession(redis, namespace)

console.log(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}\n`)
await decisions()
const bare = await cpuPerRequest('bare')
const guarded = await cpuPerRequest('guard')
console.log(`\nCPU per request   bare Koa ${bare.toFixed(1)} µs   with the guard ${guarded.toFixed(1)} µs`)
console.log(
  `                  the guard's answer from memory costs ${(guarded / bare).toFixed(3)} times a bare request`,
)
await redis.quit()
process.exit(0)

async function decisions(): Promise<void> {
  const guard = createGuard({
    redisUrl: await redisUrl(),
    namespace,
    service: 'bench',
    publicUrl: new URL('http://localhost'),
  })
  await guard.ready()

  await guard.decide(cookie)

  const calls = 2_000_000
  for (let i = 0; i < calls / 10; i++) guard.decide(cookie)
  const startedAt = performance.now()
  for (let i = 0; i < calls; i++) guard.decide(cookie)
  const nanoseconds = ((performance.now() - startedAt) / calls) * 1e6

  console.log(`a decision from memory  ${nanoseconds.toFixed(0)} ns`)
  await guard.close()
}

/** The best of a few rounds, in microseconds: what disturbs a round only ever makes it worse. */
async function cpuPerRequest(variant: 'bare' | 'guard'): Promise<number> {
  const child = fork(SERVER, [variant, await redisUrl(), namespace])
  const port = await numberFrom(child, 'port')
  const figures: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const before = await cpuOf(child)
    const requests = await load(port, cookie, LOAD)
    const used = (await cpuOf(child)) - before
    // The first round warms up.
    if (round > 0) figures.push(used / requests)
    process.stdout.write('.')
  }
  child.disconnect()
  return Math.min(...figures)
}

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send('cpu')
  return numberFrom(child, 'cpuMicroseconds')
}

async function numberFrom(child: ChildProcess, name: string): Promise<number> {
  const [message] = await once(child, 'message')
  return Number(Reflect.get(Object(message), name))
}
