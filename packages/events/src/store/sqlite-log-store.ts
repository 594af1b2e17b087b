import type { EntryRow } from './entry-row.js'
import { readStored } from './event-facts.js'
import type { Batch, LogStore, StoredEntry } from './log-store.js'
import { openLastingWorker } from './sqlite/lasting-worker.js'
import { verifyChain } from './verify-chain.js'

/** So many are removed at a time: some tens of milliseconds in which others wait, most of them for the index of words. */
const PRUNED_AT_ONCE = 100

/**
 * The event log in one file of this machine: no server, and nothing to set up. It is made where there is none.
 *
 * A thread of its own has the file, since calls of SQLite are synchronous.
 *
 * @throws {LogStoreFailed} when the file can't be opened, or a newer version has written it
 */
export async function openSqliteLogStore(file: string): Promise<LogStore> {
  const watchers = new Set<() => void>()
  const tell = () => {
    for (const onAppended of [...watchers]) onAppended()
  }
  const worker = await openLastingWorker(file, tell)

  async function append({ entries, upTo }: Batch, after?: string): Promise<StoredEntry[] | null> {
    const sent = entries.map(({ streamId, json }) => ({ streamId, json }))
    const appended = await worker.call('append', { entries: sent, upTo, after })
    if (appended === null) return null
    if (appended.length > 0) tell()
    return readEach(appended)
  }

  return {
    append: async (batch) => (await append(batch)) ?? [],
    appendAfter: (after, batch) => append(batch, after),
    cursor: async () => (await worker.call('state', {})).cursor,
    async page({ filter, ...place }) {
      const types = filter.types && [...filter.types]
      const { entries, next } = await worker.call('page', { filter: { ...filter, types }, ...place })
      return { entries: readEach(entries), next }
    },
    after: async (position, count) => readEach(await worker.call('after', { position, count })),
    async ends() {
      const { anchor, newest } = await worker.call('state', {})
      if (newest.position === anchor.position) return null
      return { first: anchor.position + 1, last: newest.position }
    },
    async size() {
      const { anchor, newest, bytes, usedBytes } = await worker.call('state', {})
      return { entries: newest.position - anchor.position, bytes, usedBytes }
    },
    tally: (span) => worker.call('tally', span),
    async sample(sample) {
      await worker.call('sample', sample)
    },
    async prune(limits, { signal, onRemoved } = {}) {
      for (let total = 0; ; ) {
        const removed = await worker.call('prune', { limits, most: PRUNED_AT_ONCE })
        total += removed
        if (removed > 0) onRemoved?.(removed)
        if (removed === 0 || signal?.aborted) return total
      }
    },
    verify: (options) => verifyChain((after, count) => worker.call('look', { after, count }), options),
    newest: async () => (await worker.call('state', {})).newest,
    secret: async () => (await worker.call('state', {})).secret,
    watch(onAppended) {
      // Its own function each time: one may watch twice.
      const watcher = () => onAppended()
      watchers.add(watcher)
      return () => void watchers.delete(watcher)
    },
    close: () => worker.close(),
  }
}

function readEach(rows: readonly EntryRow[]): StoredEntry[] {
  return rows.flatMap((row) => readStored(row) ?? [])
}
