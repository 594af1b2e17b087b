import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('service: run service')

const MAIN = fileURLToPath(new URL('./testing/misbehaving-main.js', import.meta.url))
const GOOD = { PORT: '0', PUBLIC_URL: 'http://localhost:4000', REDIS_URL: 'redis://127.0.0.1:1' }

test('a good configuration starts, says where it listens, and a signal ends it with 0', async () => {
  await using service = await start()

  assert.is(await (await fetch(`${service.url}/quick`)).text(), 'quick')
  service.child.kill('SIGTERM')

  assert.is(await service.exitCode, 0)
  assert.equal(service.events, [
    'service.listening',
    'service.draining',
    'fixture.stopped',
    'service.stopped',
  ])
  assert.is(service.errors(), '')
})

test('every line on standard output is JSON', async () => {
  await using service = await start({ LOG_LEVEL: 'debug' })

  await fetch(`${service.url}/quick`)
  service.child.kill('SIGINT')

  assert.is(await service.exitCode, 0)
  assert.is(service.lines[0]?.['service'], 'fixture')
  assert.match(String(service.lines[0]?.['instance']), /^fixture-1-[0-9a-f]{10}$/)
})

test('--check-config says all that is wrong, or nothing', async () => {
  await using fine = run({}, ['--check-config'])
  assert.is(await fine.exitCode, 0)
  assert.equal([fine.errors(), fine.events], ['', []])

  await using wrong = run({ PORT: 'x', PUBLIC_URL: '' }, ['--check-config'])
  assert.is(await wrong.exitCode, 1)
  assert.equal(
    wrong
      .errors()
      .trim()
      .split('\n')
      .map((line) => line.slice(0, 20)),
    ['fixture: PORT must b', 'fixture: PUBLIC_URL '],
  )
})

test('a bad configuration, a port in use and a failed start are one sentence each', async () => {
  await using bad = run({ PORT: 'x' })
  assert.is(await bad.exitCode, 1)
  assert.match(bad.errors(), 'fixture: PORT must be a port')

  await using first = await start({ HOST: 'localhost' })
  await using second = run({ HOST: 'localhost', PORT: String(first.port) })
  assert.is(await second.exitCode, 1)
  assert.match(second.errors(), /^Can't listen on 127\.0\.0\.1:\d+: something else listens there\.[^\n]*\n$/)

  await using broken = run({ MISBEHAVE: 'build' })
  assert.is(await broken.exitCode, 1)
  assert.match(broken.errors(), /^fixture could not start, see the log\n$/)
  assert.equal(broken.events, ['service.failed'])
})

test('localhost is both IPv4 and IPv6', async () => {
  await using service = await start({ HOST: 'localhost' })

  for (const host of ['127.0.0.1', '[::1]']) {
    assert.is(await (await fetch(`http://${host}:${service.port}/quick`)).text(), 'quick', host)
  }
})

test('a request under way is finished, nothing new is taken, and then it stops', async () => {
  await using service = await start()
  const slow = request(service.port, '/slow')
  await eventually(() => service.events.includes('fixture.slow'))

  service.child.kill('SIGTERM')
  await eventually(() => service.events.includes('service.draining'))
  const refused = await fetch(`${service.url}/quick`).catch((error: unknown) => error)
  assert.ok(refused instanceof Error)
  service.child.send('finish')

  const answer = await slow
  assert.is(answer.headers.connection, 'close')
  assert.is(await textOf(answer), 'slow')
  assert.is(await service.exitCode, 0)
  assert.equal(service.events.slice(-2), ['fixture.stopped', 'service.stopped'])
})

test('event streams do not hold up the end', async () => {
  await using service = await start()
  const stream = await request(service.port, '/stream')
  const reading = textOf(stream)

  service.child.kill('SIGTERM')

  assert.match(await reading, 'data: hello')
  assert.is(await service.exitCode, 0)
})

test('idle connections do not hold it up either', async () => {
  await using service = await start()
  // fetch keeps its connection open.
  await (await fetch(`${service.url}/quick`)).text()

  service.child.kill('SIGTERM')

  assert.is(await service.exitCode, 0)
})

test('a second signal changes nothing', async () => {
  await using service = await start()
  const slow = request(service.port, '/slow')
  await eventually(() => service.events.includes('fixture.slow'))

  service.child.kill('SIGINT')
  await eventually(() => service.events.includes('service.draining'))
  service.child.kill('SIGTERM')
  service.child.send('finish')

  assert.is(await textOf(await slow), 'slow')
  assert.is(await service.exitCode, 0)
})

test('a signal while it is still starting ends it too', async () => {
  await using service = run({ MISBEHAVE: 'hang' })
  await eventually(() => service.events.includes('fixture.hanging'))

  service.child.kill('SIGTERM')

  assert.is(await service.exitCode, 0)
})

test('it ends when the parent that holds its channel is gone', async () => {
  await using service = await start()

  service.child.disconnect()

  assert.is(await service.exitCode, 0)
})

test('what nobody handled is logged and ends the process', async () => {
  for (const path of ['/reject', '/throw']) {
    await using service = await start()
    await fetch(service.url + path).catch((error: unknown) => error)
    assert.is(await service.exitCode, 1)
    assert.ok(service.events.includes('process.crashed'))
  }
})

test('a request target that is no path is refused, and the service lives on', async () => {
  await using service = await start()

  for (const path of ['http://[::1', '//a@[::1#', 'http://localhost/quick']) {
    const answer = await request(service.port, path, 'OPTIONS')
    assert.is(answer.statusCode, 400, path)
    assert.is(answer.headers['content-type'], 'application/problem+json')
    assert.is(JSON.parse(await textOf(answer)).code, 'bad-request')
  }

  assert.is(await (await fetch(`${service.url}/quick?a=b`)).text(), 'quick')
  assert.is((await request(service.port, '*', 'OPTIONS')).statusCode, 404)
})

test('the caller’s address is what the last trusted proxy saw', async () => {
  const ipSeen = async (hops: string) => {
    await using service = await start({ PROXY_HOPS: hops })
    const headers = { 'X-Forwarded-For': '6.6.6.6, 10.0.0.1, 10.0.0.2' }
    return (await fetch(`${service.url}/ip`, { headers })).text()
  }

  assert.match(await ipSeen('0'), '127.0.0.1')
  assert.is(await ipSeen('1'), '10.0.0.2')
  assert.is(await ipSeen('2'), '10.0.0.1')
})

test('an upgrade is handed on', async () => {
  await using service = await start()
  const upgrading = get({
    port: service.port,
    host: '127.0.0.1',
    headers: { Connection: 'Upgrade', Upgrade: 'test' },
  })

  const [, socket] = await once(upgrading, 'upgrade')

  socket.destroy()
})

interface Run extends AsyncDisposable {
  readonly child: ChildProcess
  readonly lines: readonly Record<string, unknown>[]
  readonly events: readonly unknown[]
  readonly errors: () => string
  readonly exitCode: Promise<number | null>
}

function run(env: Record<string, string> = {}, args: string[] = []): Run {
  const child = fork(MAIN, args, {
    env: { ...GOOD, INSTANCE: 'fixture-1', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  if (child.stdout === null || child.stderr === null) throw new TypeError('no pipes')
  const lines: Record<string, unknown>[] = []
  const events: unknown[] = []
  let errors = ''
  createInterface(child.stdout).on('line', (line) => {
    const parsed: Record<string, unknown> = JSON.parse(line)
    lines.push(parsed)
    events.push(parsed['event'])
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk
  })
  // Not the child's own `close`: it never comes when the channel was closed from here.
  const exitCode = Promise.all([
    once(child, 'exit').then(([code]: (number | null)[]) => code ?? null),
    once(child.stdout, 'close'),
    once(child.stderr, 'close'),
  ]).then(([code]) => code)
  return {
    child,
    lines,
    events,
    errors: () => errors,
    exitCode,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exitCode
    },
  }
}

async function start(env: Record<string, string> = {}) {
  const running = run({ HOST: '127.0.0.1', ...env })
  const line = await eventually(() => running.lines.find((each) => each['event'] === 'service.listening'))
  const port = Number(line['port'])
  return { ...running, port, url: `http://127.0.0.1:${port}` }
}

function request(port: number, path: string, method = 'GET'): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get({ port, path, method, host: '127.0.0.1', agent: false }, resolve).on('error', reject)
  })
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of answer.setEncoding('utf8')) text += chunk
  return text
}

test.run()
