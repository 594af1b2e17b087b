import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEvent, type EventData, type EventType, keysOf } from '@curfew/contract'
import { createGuard, type Guard } from '@curfew/guard'
import { createLog, type Log } from '@curfew/service'
import { createBrowser, openFirstHistory, redisUrl, type Served, serve } from '@curfew/testing'
import { Redis } from 'ioredis'
import { createEventsApp } from '../app.js'
import type { RetentionSettings } from '../retention/apply-retention.js'
import type { LogStore } from '../store/log-store.js'
import { openLogStore } from '../store/open-log-store.js'

/** What the tests of this package start from. */

export interface GivenFact {
  readonly type?: EventType
  readonly source?: string
  readonly subject?: string | null
  readonly data?: Partial<EventData>
  readonly sequence?: number
  readonly time?: Date
}

/** Writes an entry as identity's scripts do, and resolves with its stream id and the event's id. */
export async function givenFact(
  redis: Redis,
  namespace: string,
  {
    type = 'session.created',
    source = 'identity',
    subject = 'ada',
    data = {},
    sequence,
    time,
  }: GivenFact = {},
): Promise<{ entry: string; id: string }> {
  const event = createEvent(source, type, subject, { actor: subject, ...data }, time)
  const numbered = sequence === undefined ? [] : ['sequence', sequence]
  const entry = await redis.xadd(keysOf(namespace).log, '*', 'event', JSON.stringify(event), ...numbered)
  return { entry: String(entry), id: event.id }
}

export interface StartedEvents extends Served {
  readonly guard: Guard
  readonly store: LogStore
}

export interface StartOptions {
  readonly redisUrl?: string
  readonly namespace: string
  /** Where the log is kept. @default a file of its own, which goes with the service */
  readonly storeFile?: string
  readonly maxBufferedBytes?: number
  readonly retention?: RetentionSettings
}

/** The service as `main.ts` builds it, served on a free port. */
export async function startEvents(options: StartOptions): Promise<StartedEvents> {
  const url = options.redisUrl ?? (await redisUrl())
  const { namespace, maxBufferedBytes } = options
  const folder = await mkdtemp(join(tmpdir(), 'curfew-events-'))
  const store = await openLogStore(`sqlite:${options.storeFile ?? join(folder, 'log.db')}`)
  const publicUrl = new URL('http://localhost:4000')
  const redis = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0 })
  redis.on('error', () => undefined) // tests stop Redis on purpose
  await openFirstHistory(url, namespace)
  const guard = createGuard({ redisUrl: url, service: 'events', namespace, publicUrl })
  await guard.ready()
  const events = createEventsApp({
    guard,
    redis,
    redisUrl: url,
    namespace,
    store,
    publicUrl,
    log: silentLog(),
    ...(maxBufferedBytes === undefined ? {} : { maxBufferedBytes }),
    ...(options.retention && { retention: options.retention }),
  })
  events.app.on('error', () => undefined) // viewers hang up in the middle of an answer
  const served = await serve(events.app.callback())
  return {
    ...served,
    guard,
    store,
    async [Symbol.asyncDispose]() {
      await events.stop()
      await served[Symbol.asyncDispose]()
      await store.close()
      await guard.close()
      redis.disconnect()
      await rm(folder, { recursive: true })
    },
  }
}

/** A browser that holds the session's cookie. */
export async function browserOf({ url }: { url: string }, { cookie }: { cookie: string }) {
  const browser = createBrowser(url)
  await browser.setCookie(`${cookie}; Path=/`)
  return browser
}

function silentLog(): Log {
  return createLog({ service: 'events', instance: 'test', level: 'error' })
}
