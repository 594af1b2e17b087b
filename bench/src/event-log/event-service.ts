import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensurePostgres } from '@curfew/infra/tools'
import { eventually, type GivenSession, givenSession, startPostgres } from '@curfew/testing'
import { z } from 'zod'
import { digits, table } from '../markdown.js'
import type { Means, Measured, Measurement } from '../measurement.js'
import { startProcess } from '../process.js'
import { median, percentile } from '../statistics.js'
import { type EventsProcess, startEvents } from './events-process.js'
import { momentOf } from './many-events.js'
import { type Latency, latencyUnderLoad, openSlowViewers } from './slow-viewers.js'

/** The events service as it runs, with a long log: pages, exports, figures, and viewers that don't read. */
export const eventService: Measurement = {
  name: 'event-service',
  title: 'The events service with a long log in SQLite',

  async measure(means) {
    const folder = await mkdtemp(join(tmpdir(), 'curfew-bench-events-'))
    try {
      return await measureWith(`sqlite:${join(folder, 'event-log.db')}`, 'sqlite', means)
    } finally {
      await rm(folder, { recursive: true })
    }
  },
}

/** The same with the other database. Apart, since it takes minutes to write as long a log. */
export const eventServiceOnPostgres: Measurement = {
  name: 'event-service-postgres',
  title: 'The events service with a long log in PostgreSQL',
  needs: ensurePostgres,

  async measure(means) {
    await using postgres = await startPostgres({ waitsForDisk: true })
    return await measureWith(await postgres.createDatabase(), 'postgres', means)
  },
}

const NAMES = { sqlite: 'SQLite', postgres: 'PostgreSQL' }

async function measureWith(url: string, database: keyof typeof NAMES, means: Means): Promise<Measured> {
  const { scale, progress } = means
  progress('writing the log')
  {
    await using writer = await startProcess(new URL('./log-process.js', import.meta.url))
    await writer.ask('open', z.number(), url)
    await writer.ask('append', z.number(), 0, scale.storedEvents)
    await writer.ask('close', z.undefined())
  }
  return measureService(url, database, means)
}

async function measureService(
  url: string,
  database: keyof typeof NAMES,
  { scale, curfew, progress }: Means,
): Promise<Measured> {
  const session = await givenSession(curfew.redis, curfew.namespace, { user: 'ada', roles: ['admin'] })
  const startedAt = performance.now()
  await using events = await startEvents(curfew, url)
  const client = createClient(events, session)
  await eventually(async () => (await client.get('/events')).status === 200, { within: 60_000 })
  const firstPageMs = performance.now() - startedAt
  const idleBytes = await events.residentBytes()

  progress('a fast viewer alone')
  const load = { curfew, events, session, facts: scale.viewedFacts }
  await latencyUnderLoad(load) // warm up
  const alone = await latencyUnderLoad(load)
  const before = await events.residentBytes()
  progress('a fast viewer beside slow ones')
  let during: Latency
  let beside: Latency
  let slowBytes: number
  {
    await using _slow = await openSlowViewers(events, session, SLOW_VIEWERS)
    during = await latencyUnderLoad(load)
    beside = await latencyUnderLoad(load)
    slowBytes = Math.max(0, (await events.residentBytes()) - before)
  }

  const requests: Array<[string, number[]]> = []
  for (const [name, path] of requestsFor(scale.storedEvents)) {
    progress(name)
    const times: number[] = []
    for (let attempt = 0; attempt < scale.eventTries; attempt++) times.push((await client.get(path)).tookMs)
    requests.push([name, times])
  }
  const exports = []
  for (const format of ['ndjson', 'csv'] as const) {
    progress(`exporting ${format}`)
    exports.push({ format, ...(await client.exportAll(format)) })
  }
  const count = (n: number) => Math.round(n).toLocaleString('en')
  const mega = (bytes: number) => digits(bytes / 2 ** 20)
  const overall = table(
    [`${count(scale.storedEvents)} events in ${NAMES[database]}`, ''],
    [
      ['from the start of the process to the first page, ms', digits(firstPageMs)],
      ['memory then, MB', mega(idleBytes)],
      ...exports.flatMap(({ format, perSecond, peakBytes }) => [
        [`exported as ${format}, events a second`, count(perSecond)],
        ['memory meanwhile at most, MB', mega(peakBytes)],
      ]),
      ['a fact to a viewer, p50, ms', digits(alone.p50)],
      ['p99', digits(alone.p99)],
      [`while ${SLOW_VIEWERS} viewers come and are told the past, p50, ms`, digits(during.p50)],
      ['p99', digits(during.p99)],
      [`beside those, who don’t read on, p50, ms`, digits(beside.p50)],
      ['p99', digits(beside.p99)],
      ['memory for each of those, MB', mega(slowBytes / SLOW_VIEWERS)],
    ],
  )
  const answers = table(
    ['answered over HTTP, ms', 'p50', 'slowest'],
    requests.map(([name, times]) => [name, digits(median(times)), digits(percentile(times, 100))]),
  )
  return {
    markdown: [overall, answers].join('\n\n'),
    figures: {
      [`${database}FirstPageMs`]: firstPageMs,
      [`${database}ExportedPerSecond`]: exports[0]?.perSecond ?? 0,
      [`${database}BesideSlowOverAlone`]: beside.p50 / alone.p50,
    },
  }
}

const SLOW_VIEWERS = 20

function requestsFor(events: number): ReadonlyArray<readonly [name: string, path: string]> {
  const iso = (n: number) => new Date(momentOf(n)).toISOString()
  const half = Math.floor(events / 2)
  return [
    ['the newest page', '/events'],
    ['a type and an actor', '/events?type=session.*&actor=system'],
    ['an hour, long ago', `/events?from=${iso(half)}&to=${iso(half + 80)}`],
    ['text, a common word', '/events?text=chrome'],
    ['text, a rare word', `/events?text=${events - (events % 2_000)}`],
    ['figures of a day', `/events/figures?from=${iso(half)}&to=${iso(half + 1_920)}`],
    ['figures of a month', `/events/figures?from=${iso(half)}&to=${iso(half + 57_600)}`],
    ['figures of all', `/events/figures?from=${iso(0)}&to=${iso(events)}`],
  ]
}

function createClient(events: EventsProcess, { cookie }: GivenSession) {
  const ask = (path: string) =>
    fetch(`${events.url}${path}`, { headers: { cookie, accept: 'application/json' } })

  return {
    async get(path: string) {
      const startedAt = performance.now()
      const answer = await ask(path)
      await answer.text()
      return { status: answer.status, tookMs: performance.now() - startedAt }
    },

    async exportAll(format: 'ndjson' | 'csv') {
      let peakBytes = 0
      let isOver = false
      const watching = (async () => {
        while (!isOver) peakBytes = Math.max(peakBytes, await events.residentBytes())
      })()
      const startedAt = performance.now()
      let lines = 0
      const { body } = await ask(`/events/export?format=${format}`)
      for await (const bytes of body ?? []) for (const byte of bytes) if (byte === LINE_FEED) lines++
      const perSecond = (lines / (performance.now() - startedAt)) * 1_000
      isOver = true
      await watching
      return { perSecond, peakBytes }
    },
  }
}

const LINE_FEED = 10
