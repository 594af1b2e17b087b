import { readStored } from './event-facts.js'
import type { Batch, LogStore, StoredEntry } from './log-store.js'
import { append as appendRows } from './postgres/append.js'
import { openConnections } from './postgres/connections.js'
import { type AppendListener, listenForAppends } from './postgres/listener.js'
import { lookAtChain, readAfter } from './postgres/read-chain.js'
import { pruneSome } from './postgres/retention.js'
import { migrate } from './postgres/schema.js'
import { search } from './postgres/search.js'
import { sizeOf } from './postgres/size.js'
import { readSecret, readState } from './postgres/state.js'
import { keepSample, readTally } from './postgres/tallies.js'
import { verifyChain } from './verify-chain.js'

/** So many are removed at a time: nobody appends meanwhile. */
const PRUNED_AT_ONCE = 1_000

/**
 * The event log in a PostgreSQL that several services share. Its tables are in the schema `curfew_log`, which is
 * made and brought up to date here; that takes the right to create it, and the extension `pg_trgm`.
 *
 * @param url `postgres://user:password@host:5432/database`
 * @throws {LogStoreFailed} when it can't be reached, or a newer version has written it
 */
export async function openPostgresLogStore(url: string): Promise<LogStore> {
  const connections = openConnections(url)
  const watchers = new Set<() => void>()
  let listener: AppendListener | undefined

  try {
    await connections.migration(migrate)
  } catch (error) {
    await connections.close()
    throw error
  }
  const state = () => connections.snapshot(readState)
  async function append(batch: Batch, after?: string): Promise<StoredEntry[] | null> {
    const appended = await connections.transaction((client) => appendRows(client, batch, after))
    return appended?.flatMap((row) => readStored(row) ?? []) ?? null
  }

  return {
    append: async (batch) => (await append(batch)) ?? [],
    appendAfter: (after, batch) => append(batch, after),
    // The keeper's, as `append` is: it waits for nobody who reads.
    cursor: async () => (await connections.transaction(readState)).cursor,
    page: (query) => connections.snapshot((client) => search(client, query)),
    after: (position, count) => connections.snapshot((client) => readAfter(client, position, count)),
    async ends() {
      const { anchor, newest } = await state()
      if (newest.position === anchor.position) return null
      return { first: anchor.position + 1, last: newest.position }
    },
    size: () => connections.snapshot(sizeOf),
    tally: (span) => connections.snapshot((client) => readTally(client, span)),
    sample: (sample) => connections.transaction((client) => keepSample(client, sample)),
    async prune(limits, { signal, onRemoved } = {}) {
      for (let total = 0; ; ) {
        const removed = await connections.transaction((client) => pruneSome(client, limits, PRUNED_AT_ONCE))
        total += removed
        if (removed > 0) onRemoved?.(removed)
        if (removed === 0 || signal?.aborted) return total
      }
    },
    verify: (options) =>
      verifyChain(
        (after, count) => connections.snapshot((client) => lookAtChain(client, after, count)),
        options,
      ),
    newest: async () => (await state()).newest,
    secret: () => connections.snapshot(readSecret),
    watch(onAppended) {
      const watcher = () => onAppended()
      watchers.add(watcher)
      listener ??= listenForAppends(url, () => {
        for (const tell of [...watchers]) tell()
      })
      return () => void watchers.delete(watcher)
    },
    async close() {
      await listener?.close()
      await connections.close()
    },
  }
}
