import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { Entry } from './entry.js'

/** Keeps what was seen, in memory and as one line of JSON each. */
export interface History {
  /** The clock of the run, in milliseconds. */
  now(): number
  /** The same for a moment that another process took from `process.hrtime.bigint()`. */
  at(moment: bigint): number
  record(entry: Entry): void
  readonly entries: readonly Entry[]
  /** Names an operation, no other one ever. */
  nextId(what: string): string
  close(): Promise<void>
}

export function createHistory(file: string): History {
  const began = process.hrtime.bigint()
  const out = createWriteStream(file)
  const entries: Entry[] = []
  let count = 0

  const at = (moment: bigint) => Number((moment - began) / 1_000n) / 1_000

  return {
    now: () => at(process.hrtime.bigint()),
    at,
    record(entry) {
      entries.push(entry)
      out.write(`${JSON.stringify(entry)}\n`)
    },
    entries,
    nextId: (what) => `${what}-${String(++count).padStart(7, '0')}`,
    async close() {
      out.end()
      await finished(out)
    },
  }
}
