import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensurePostgres } from '@curfew/infra/tools'
import { startPostgres } from '@curfew/testing'
import { z } from 'zod'
import { digits, table } from '../markdown.js'
import type { Measured, Measurement, Progress } from '../measurement.js'
import { type Asked, startProcess } from '../process.js'
import type { Scale } from '../scale.js'
import { median, percentile } from '../statistics.js'
import { searches } from './searches.js'

/** What the log costs when it is long: to append, to search, to read all of it, in both databases. */
export const eventLog: Measurement = {
  name: 'events',
  title: 'A long event log',
  needs: ensurePostgres,

  async measure({ scale, progress }) {
    await using postgres = await startPostgres({ waitsForDisk: true })
    const folder = await mkdtemp(join(tmpdir(), 'curfew-bench-log-'))
    try {
      const sqlite = await measureOne(
        `sqlite:${join(folder, 'event-log.db')}`,
        scale,
        prefixed('SQLite', progress),
      )
      const shared = await measureOne(
        await postgres.createDatabase(),
        scale,
        prefixed('PostgreSQL', progress),
      )
      return report(sqlite, shared, scale.storedEvents)
    } finally {
      await rm(folder, { recursive: true })
    }
  },
}

interface Figures {
  readonly appendedPerSecond: number
  /** Of the last tenth. */
  readonly lastAppendedPerSecond: number
  readonly alone: readonly number[]
  readonly bytes: number
  readonly usedBytes: number
  readonly openMs: number
  readonly searches: ReadonlyMap<string, { readonly times: readonly number[]; readonly found: number }>
  readonly exportedPerSecond: number
  readonly verifiedPerSecond: number
  readonly memoryBytes: number
}

const Times = z.array(z.number())
const Found = z.array(z.object({ tookMs: z.number(), found: z.number() }))
const Size = z.object({ bytes: z.number(), usedBytes: z.number() })

async function measureOne(
  url: string,
  { storedEvents, eventTries }: Scale,
  progress: Progress,
): Promise<Figures> {
  const appended = await write(url, storedEvents, eventTries, progress)

  // Another process, as after a restart: what it has in memory is what reading takes.
  await using reader = await startLogProcess()
  const openMs = await reader.ask('open', z.number(), url)
  const found = new Map<string, { times: number[]; found: number }>()
  for (const { name } of searches) {
    progress(`searching: ${name}`)
    const answers = await reader.ask('search', Found, name, storedEvents, eventTries)
    found.set(name, { times: answers.map(({ tookMs }) => tookMs), found: answers[0]?.found ?? 0 })
  }
  progress('exporting')
  const exportedPerSecond = await reader.ask('exported', z.number(), storedEvents)
  progress('verifying')
  const verifiedPerSecond = await reader.ask('verified', z.number())
  const memoryBytes = await reader.ask('memory', z.number())
  await reader.ask('close', z.undefined())
  return { ...appended, openMs, searches: found, exportedPerSecond, verifiedPerSecond, memoryBytes }
}

async function write(url: string, storedEvents: number, tries: number, progress: Progress) {
  await using writer = await startLogProcess()
  await writer.ask('open', z.number(), url)
  const times: number[] = []
  for (let tenth = 0; tenth < 10; tenth++) {
    progress(`appending, ${tenth * 10} %`)
    const [from, to] = [tenth, tenth + 1].map((part) => Math.round((storedEvents * part) / 10))
    times.push(await writer.ask('append', z.number(), from, to))
  }
  const perSecond = (ms: number, count: number) => (count / ms) * 1_000
  const { bytes, usedBytes } = await writer.ask('size', Size)
  const alone = await writer.ask('appendAlone', Times, storedEvents, tries)
  await writer.ask('close', z.undefined())
  return {
    appendedPerSecond: perSecond(
      times.reduce((total, ms) => total + ms, 0),
      storedEvents,
    ),
    lastAppendedPerSecond: perSecond(times.at(-1) ?? 0, storedEvents / 10),
    alone,
    bytes,
    usedBytes,
  }
}

function startLogProcess(): Promise<Asked> {
  return startProcess(new URL('./log-process.js', import.meta.url))
}

function prefixed(name: string, progress: Progress): Progress {
  return (doing) => progress(`${name}, ${doing}`)
}

function report(sqlite: Figures, postgres: Figures, events: number): Measured {
  const both = (name: string, figureOf: (figures: Figures) => string) => [
    name,
    figureOf(sqlite),
    figureOf(postgres),
  ]
  const count = (n: number) => Math.round(n).toLocaleString('en')
  const overall = table(
    [`${count(events)} events`, 'SQLite', 'PostgreSQL'],
    [
      both('appended a second, 500 in a transaction', (one) => count(one.appendedPerSecond)),
      both('of that the last tenth', (one) => count(one.lastAppendedPerSecond)),
      both('one alone, until it is on disk, ms', (one) => digits(median(one.alone))),
      both('on disk with all indexes, bytes an event', (one) => count(one.bytes / events)),
      both('of that used, as retention by size sees it', (one) => count(one.usedBytes / events)),
      both('opened, to the first page, ms', (one) => digits(one.openMs)),
      both('exported a second', (one) => count(one.exportedPerSecond)),
      both('verified a second', (one) => count(one.verifiedPerSecond)),
      both('memory of the process that read all of it, MB', (one) => count(one.memoryBytes / 2 ** 20)),
    ],
  )
  const ofSearch = (figures: Figures, name: string) => figures.searches.get(name) ?? { times: [0], found: 0 }
  const pages = table(
    ['a page of 50, ms', 'found', 'SQLite p50', 'slowest', 'PostgreSQL p50', 'slowest'],
    searches.map(({ name }) => [
      name,
      String(ofSearch(sqlite, name).found),
      ...[sqlite, postgres].flatMap((figures) => {
        const { times } = ofSearch(figures, name)
        return [digits(median(times)), digits(percentile(times, 100))]
      }),
    ]),
  )
  const slowest = (figures: Figures) =>
    Math.max(...[...figures.searches.values()].map(({ times }) => median(times)))
  return {
    markdown: [overall, pages].join('\n\n'),
    figures: {
      eventsAppendedPerSecond: { sqlite: sqlite.appendedPerSecond, postgres: postgres.appendedPerSecond },
      slowestSearchMs: { sqlite: slowest(sqlite), postgres: slowest(postgres) },
      bytesPerEvent: { sqlite: sqlite.bytes / events, postgres: postgres.bytes / events },
    },
  }
}
