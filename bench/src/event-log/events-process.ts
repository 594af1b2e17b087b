import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { eventually, freePort } from '@curfew/testing'
import type { Curfew } from '../curfew.js'

/** The events service in a process of its own, as it is run. */
export interface EventsProcess extends AsyncDisposable {
  readonly url: string
  /** What it has in memory, by its own metrics. Bytes. */
  residentBytes(): Promise<number>
}

const MAIN = fileURLToPath(import.meta.resolve('@curfew/events/dist/main.js'))

export async function startEvents(
  { redisUrl, namespace }: Pick<Curfew, 'redisUrl' | 'namespace'>,
  logUrl: string,
): Promise<EventsProcess> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = fork(MAIN, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      NODE_ENV: 'production',
      PORT: String(port),
      PUBLIC_URL: `http://localhost:${port}`,
      REDIS_URL: redisUrl,
      NAMESPACE: namespace,
      EVENT_LOG_URL: logUrl,
      LOG_LEVEL: 'error',
    },
  })
  await eventually(async () => (await fetch(`${url}/healthz`)).ok, { within: 60_000 })
  return {
    url,
    async residentBytes() {
      const text = await (await fetch(`${url}/metrics`)).text()
      const [, bytes] = /^process_resident_memory_bytes\{.*\} (\d+)/m.exec(text) ?? []
      return Number(bytes)
    },
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit')
      child.kill()
      await exit
    },
  }
}
