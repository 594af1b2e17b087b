import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually, openRedis, redisUrl, rejects, serve } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Progress, type SystemOptions, startSystem } from './system.js'
import { openFolder } from './temporary-folder.fixture.js'
import { tinyProcesses } from './tiny-processes.fixture.js'

const test = suite('infra: system')

test('what is started is ready, in order, and dev.json says where', async () => {
  await using folder = await openFolder()
  const progress: Progress[] = []
  await using system = await startTiny(folder.path, ['a', 'b'], { onProgress: (step) => progress.push(step) })

  const written: unknown = JSON.parse(await readFile(join(folder.path, 'dev.json'), 'utf8'))

  assert.equal(
    progress.map(({ type, name }) => `${name} ${type}`),
    ['a ready', 'b ready'],
  )
  const { url, console, provider, redisUrl, processes } = system
  assert.equal(written, { url, console, provider, redisUrl, processes })
  assert.is(console, `${url}/console`)
  assert.equal(
    await Promise.all(processes.map(askPid)),
    processes.map(({ pid }) => pid),
  )
})

test('stopping ends all, the last one first, and leaves nothing', async () => {
  await using folder = await openFolder()
  const system = await startTiny(folder.path, ['a', 'b', 'c'])
  const pids = pidsOf(system)

  await Promise.all([system.stop(), system.stop()])

  assert.equal(pids.filter(isAlive), [])
  assert.is(await readFile(join(folder.path, 'diary'), 'utf8'), 'c\nb\na\n')
  assert.equal(
    (await readdir(folder.path)).filter((name) => name === 'dev.json' || name.endsWith('.socket')),
    [],
  )
})

test('ending at once does not wait for one that ignores SIGTERM, also while stopping waits for it', async () => {
  await using folder = await openFolder()
  const system = await startTiny(folder.path, ['a', 'b:ignores-sigterm'])
  const pids = pidsOf(system)
  const began = performance.now()
  const stopping = system.stop()

  await system.kill()
  await stopping

  assert.equal(pids.filter(isAlive), [])
  assert.ok(performance.now() - began < 5_000)
})

test('one that dies while it starts is said with its own words, and the others are stopped', async () => {
  await using folder = await openFolder()

  const error = await rejects(startTiny(folder.path, ['a', 'b:dies-at-start', 'c']), 'START_FAILED')

  assert.is(error.message, 'b ended while it was starting (exit code 1: Error: the cellar is flooded).')
  assert.is(await readFile(join(folder.path, 'diary'), 'utf8'), 'a\n')
  await startTiny(folder.path, ['a']).then((system) => system.stop())
})

test('giving up while one is starting stops everything', async () => {
  await using folder = await openFolder()
  const giveUp = new AbortController()

  const starting = startTiny(folder.path, ['a', 'b:never-ready'], {
    signal: giveUp.signal,
    onProgress: ({ type }) => type === 'ready' && giveUp.abort(),
  })

  assert.is(await reasonOf(starting), giveUp.signal.reason)
  assert.is(await readFile(join(folder.path, 'diary'), 'utf8'), 'a\n')
})

test('those that start side by side do not wait for each other, and are ended together', async () => {
  await using folder = await openFolder()
  const giveUp = new AbortController()

  const starting = startTiny(folder.path, ['a', 'b:never-ready c'], {
    signal: giveUp.signal,
    onProgress: ({ name }) => name === 'c' && giveUp.abort(),
  })

  assert.is(await reasonOf(starting), giveUp.signal.reason)
  // The one that never was ready may not even have got so far as to note its end.
  assert.match(await readFile(join(folder.path, 'diary'), 'utf8'), /^c\n(b\n)?a\n$/)
  await startTiny(folder.path, ['a', 'b c']).then((system) => system.stop())
})

test('one of those that start side by side dies: it is said, and nothing is left of the others', async () => {
  await using folder = await openFolder()

  const error = await rejects(startTiny(folder.path, ['b:never-ready c:dies-at-start']), 'START_FAILED')

  assert.match(error.message, /^c ended while it was starting/)
  await startTiny(folder.path, ['b c']).then((system) => system.stop())
})

test('one that ends by itself is said, and started again', async () => {
  await using folder = await openFolder()
  const progress: Progress[] = []
  await using system = await startTiny(folder.path, ['a'], { onProgress: (step) => progress.push(step) })
  const [before] = pidsOf(system)

  await fetch(`${system.url}/die`).catch(() => 'it died while it answered')
  await eventually(() => progress.some(({ type }) => type === 'back'))

  const lost = progress.find((step) => step.type === 'lost')
  assert.match(lost?.type === 'lost' ? lost.reason : '', /^exit code 3/)
  const [now] = pidsOf(system)
  assert.ok(now !== undefined && now !== before && isAlive(now))
  await eventually(async () => (await readFile(join(folder.path, 'dev.json'), 'utf8')).includes(String(now)))
})

test('one process can be restarted by its name, the others stay', async () => {
  await using folder = await openFolder()
  await using system = await startTiny(folder.path, ['a', 'b'])
  const before = pidsOf(system)

  await system.restart('b')
  await system.restart('b', 'SIGKILL')

  const now = pidsOf(system)
  assert.is(now[0], before[0])
  assert.is.not(now[1], before[1])
  assert.not.ok(isAlive(before[1]))
})

test('a second start in the same folder is refused, and the first goes on', async () => {
  await using folder = await openFolder()
  await using system = await startTiny(folder.path, ['a'])

  const error = await rejects(startTiny(folder.path, ['b']), 'START_FAILED')

  assert.match(error.message, 'already runs in this checkout')
  assert.is(await askPid(system.processes[0]), system.processes[0]?.pid)
  assert.match(await readFile(join(folder.path, 'dev.json'), 'utf8'), '"a"')
})

test('a port in use is named before anything is started', async () => {
  await using folder = await openFolder()
  await using other = await serve((_req, res) => res.end())

  const error = await rejects(startTiny(folder.path, ['a'], { basePort: other.port }), 'START_FAILED')

  assert.match(error.message, `Port ${other.port}, which a needs, is in use.`)
})

test('a REDIS_URL where no Redis answers is said, without its password', async () => {
  await using folder = await openFolder()
  const env = { REDIS_URL: 'redis://:hunter2@127.0.0.1:9' }

  const error = await rejects(startTiny(folder.path, ['a'], { env }), 'START_FAILED')

  assert.match(error.message, /^REDIS_URL names 127\.0\.0\.1:9, and no Redis answers there/)
  assert.not.match(error.message, 'hunter2')
})

test('a REDIS_URL that answers is used', async () => {
  await using folder = await openFolder()
  await using redis = await openRedis()
  const env = { REDIS_URL: await redisUrl() }

  await using system = await startTiny(folder.path, ['a'], { env })

  assert.is(system.redisUrl, env.REDIS_URL)
  assert.is(await redis.ping(), 'PONG')
})

test('when the start itself is killed, its processes end, too', async () => {
  await using folder = await openFolder()
  const script = fileURLToPath(new URL('start-alone.fixture.js', import.meta.url))
  const starter = spawn(process.execPath, [script, folder.path], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(starter.stdout, 'data')
  const dev: { processes: { pid: number }[] } = JSON.parse(
    await readFile(join(folder.path, 'dev.json'), 'utf8'),
  )
  const pids = dev.processes.map(({ pid }) => pid)
  assert.equal(pids.filter(isAlive), pids)

  starter.kill('SIGKILL')

  await eventually(() => pids.every((pid) => !isAlive(pid)), { within: 10_000 })
  assert.equal((await readFile(join(folder.path, 'diary'), 'utf8')).trim().split('\n'), ['b', 'a'])
  await eventually(async () => !(await readdir(folder.path)).includes('dev.json'))
  await startTiny(folder.path, ['a']).then((system) => system.stop())
})

test('logs are kept by process, of this start alone', async () => {
  await using folder = await openFolder()
  await startTiny(folder.path, ['a']).then((system) => system.stop())
  const log = join(folder.path, 'logs', 'a.log')
  await writeFile(log, 'of an earlier start\n')

  await using system = await startTiny(folder.path, ['a'])

  assert.is(system.logsDir, join(folder.path, 'logs'))
  assert.is(await readFile(log, 'utf8'), '')
})

const startTiny = (stateDir: string, names: readonly string[], options: Partial<SystemOptions> = {}) =>
  startSystem({ env: {}, ...options, stateDir, processes: tinyProcesses(names, stateDir) })

/** Why it was given up, whatever that is; null when it was not. */
const reasonOf = (starting: Promise<unknown>): Promise<unknown> =>
  starting.then(
    () => null,
    (reason: unknown) => reason,
  )

const pidsOf = ({ processes }: { processes: readonly { pid: number | undefined }[] }) =>
  processes.map(({ pid }) => pid)

async function askPid(asked: { readonly port: number } | undefined): Promise<unknown> {
  const answer = await fetch(`http://localhost:${asked?.port}/`)
  const body: { pid: number } = JSON.parse(await answer.text())
  return body.pid
}

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}

test.run()
