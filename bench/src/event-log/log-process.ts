/** A process with an event log, so that its memory is its own. */
import type { LogStore } from '@curfew/events/dist/store/log-store.js'
import { openLogStore } from '@curfew/events/dist/store/open-log-store.js'
import { readAll } from '@curfew/events/dist/store/read-all.js'
import { answerQuestions } from '../process.js'
import { eventNo } from './many-events.js'
import { type Search, searches } from './searches.js'

/** So many in one transaction, as a keeper that has fallen behind. */
const BATCH = 500
const PAGE = 50

let store: LogStore | undefined

function log(): LogStore {
  if (store === undefined) throw new TypeError('there is no event log yet')
  return store
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

answerQuestions({
  /** How long it takes until the first page is there, in milliseconds. */
  open: (url: string) =>
    timed(async () => {
      store = await openLogStore(url)
      await store.page({ filter: {}, limit: PAGE })
    }),

  /** Appends the events after `from`, up to `to`. Milliseconds. */
  append: (from: number, to: number) =>
    timed(async () => {
      for (let n = from; n < to; n += BATCH) {
        const entries = Array.from({ length: Math.min(BATCH, to - n) }, (_, index) => eventNo(n + index + 1))
        await log().append({ entries, upTo: entries.at(-1)?.streamId ?? '0-0' })
      }
    }),

  /** Appends these one by one, each of which waits for the disk. Milliseconds each. */
  async appendAlone(from: number, count: number) {
    const times = []
    for (let n = from; n < from + count; n++) {
      const entry = eventNo(n + 1)
      times.push(await timed(() => log().append({ entries: [entry], upTo: entry.streamId })))
    }
    return times
  },

  /** Searches so often, each time for something else where there is something else. */
  async search(name: string, events: number, tries: number) {
    const search = searches.find((one) => one.name === name)
    if (search === undefined) throw new TypeError(`nobody searches for ${name}`)
    const answers = []
    for (let attempt = 0; attempt < tries; attempt++) answers.push(await searchOnce(search, events, attempt))
    return answers
  },

  /** Reads so many of the newest as an export does. Entries a second. */
  async exported(most: number) {
    let count = 0
    const tookMs = await timed(async () => {
      for await (const _ of readAll(log(), {})) if (++count === most) break
    })
    return (count / tookMs) * 1_000
  },

  /** Entries a second. */
  async verified() {
    let checked = 0
    const tookMs = await timed(async () => {
      const verified = await log().verify()
      if (!verified.ok) throw new Error(`it is broken at ${verified.position}: ${verified.why}`)
      checked = verified.checked
    })
    return (checked / tookMs) * 1_000
  },

  size: () => log().size(),

  /** Of this process. Bytes. */
  memory: () => process.memoryUsage().rss,

  close: () => log().close(),
})

async function searchOnce({ queryFor }: Search, events: number, attempt: number) {
  const { limit = PAGE, ...query } = queryFor(events, attempt)
  let found = 0
  const tookMs = await timed(async () => {
    found = (await log().page({ limit, ...query })).entries.length
  })
  return { tookMs, found }
}
