import type { LoggedEvent } from '@curfew/contract'
import type { EventFilter } from '../event-filter.js'
import type { Broken, ChainPoint } from './chain.js'
import type { Tally, TallySpan } from './tally.js'

/**
 * Keeps the event log for as long as it is wanted, to be searched, and so that nobody can change it unnoticed.
 *
 * A keeper copies the Redis stream into it, batch by batch, from the cursor on. Whatever happens in between, the
 * same batch may be appended again. Everybody else reads. Every call rejects with {@link LogStoreFailed} when the
 * store can't do it.
 */
export interface LogStore {
  /**
   * Appends what is not there yet, in this order, and moves the cursor: both or neither. Once it resolves, that
   * is on disk.
   *
   * An event is kept once, by its source and its id, whatever stream id it comes with; so a batch may be repeated, and two
   * keepers at once do no harm. What retention has removed does not come back, for as long as Redis may have it.
   *
   * @returns what was appended, oldest first
   * @throws {TypeError} when an entry holds no event, or its stream id is none
   */
  append(batch: Batch): Promise<readonly StoredEntry[]>
  /**
   * As `append`, where the stream is kept up to `after` still (`0-0` before the first batch). Null where it is kept up
   * to another id, and then nothing is done: another keeper has gone on from there, and has said what it found.
   */
  appendAfter(after: string, batch: Batch): Promise<readonly StoredEntry[] | null>
  /**
   * The id up to which the Redis stream is kept; null before the first batch. It is where the last batch ended, also
   * when that was further back: a Redis that was restored begins anew.
   */
  cursor(): Promise<string | null>
  /** Newest first. What is appended meanwhile moves no page and repeats none. */
  page(query: StoreQuery): Promise<StorePage>
  /** What stands after a position, oldest first; fewer than `count` only at the end. */
  after(position: number, count: number): Promise<readonly StoredEntry[]>
  /** The positions of the oldest and the newest entry; null when there is none. */
  ends(): Promise<Ends | null>
  size(): Promise<StoreSize>
  /** What was counted while it was appended, by steps: quick, however many events there are. */
  tally(span: TallySpan): Promise<Tally>
  /** Keeps how many sessions there are. Of several within a minute the largest counts. */
  sample(sample: SessionSample): Promise<void>
  /**
   * Removes the oldest entries for as long as one of the limits says so. The chain stays whole: it begins at the
   * last entry that was removed, whose position and hash are kept. The newest place is never forgotten. What was
   * counted before that goes too. It is done in small steps.
   *
   * @returns how many were removed
   */
  prune(limits: Retention, options?: PruneOptions): Promise<number>
  /** Walks the chain from end to end, in constant memory. What is appended meanwhile is checked too. */
  verify(options?: VerifyOptions): Promise<Verified>
  /** The newest place of the chain. Kept elsewhere, it proves later that nothing up to it was changed. */
  newest(): Promise<ChainPoint>
  /** Random, made with the log, and never shown: seals what people may not read who hold it for us. */
  secret(): Promise<string>
  /**
   * Tells of new entries: read them with `after`. Several may be one call, and after a lost connection there may
   * be a call without any. PostgreSQL tells every process; SQLite only those that share this object.
   *
   * @returns how to stop
   */
  watch(onAppended: () => void): () => void
  /** Ends what is under way, and gives everything back. */
  close(): Promise<void>
}

export interface Batch {
  /** In the order of the stream. */
  readonly entries: readonly StreamedEvent[]
  /** The stream is kept up to this id, entries that hold no event included. Without it the cursor stays. */
  readonly upTo?: string | undefined
}

export interface StreamedEvent {
  /** Of the Redis stream: `<milliseconds>-<number>`. */
  readonly streamId: string
  /** The event, exactly as it will be handed out. */
  readonly json: string
}

export interface StoredEntry extends StreamedEvent {
  /** 1, 2, 3…: without gaps, and never given twice. */
  readonly position: number
  readonly event: LoggedEvent
}

export interface StoreQuery {
  readonly filter: EventFilter
  /** Positions, both exclusive. */
  readonly before?: number | undefined
  readonly after?: number | undefined
  /** How many at most. */
  readonly limit: number
}

export interface StorePage {
  /** Newest first. */
  readonly entries: readonly StoredEntry[]
  /**
   * For `before` of the next page; null when nothing older fits. A page may have fewer than `limit`, even none,
   * and still a next one: how much one call looks through has an end, however rarely the filter fits.
   */
  readonly next: number | null
}

export interface Ends {
  readonly first: number
  readonly last: number
}

export interface StoreSize {
  readonly entries: number
  /** Of the files, with all indexes. Space that was freed is used again before this grows. */
  readonly bytes: number
  /** Without what is free to be used again; where the database does not say how much that is, counted by the entries. */
  readonly usedBytes: number
}

export interface SessionSample {
  /** When they were counted. Epoch milliseconds. */
  readonly atMs: number
  readonly activeSessions: number
}

export interface Retention {
  /** Removes what came into the Redis stream before this. Epoch milliseconds. */
  readonly olderThan?: number | undefined
  /** Removes the oldest until so many are left. */
  readonly mostEntries?: number | undefined
  /** Removes the oldest until no more bytes than this are used; up to a hundred entries more than that takes. */
  readonly mostBytes?: number | undefined
}

export interface PruneOptions {
  /** May end it after each step. */
  readonly signal?: AbortSignal | undefined
  /** Called after each step with how many that has removed, also when a later one fails. */
  readonly onRemoved?: ((entries: number) => void) | undefined
}

export interface VerifyOptions {
  /** A place that was kept elsewhere: it must still be in the chain. One that retention removed can't be compared. */
  readonly known?: ChainPoint | undefined
  /** Called now and then with how many are checked, of how many. */
  readonly onProgress?: ((checked: number, of: number) => void) | undefined
}

export type Verified =
  | {
      readonly ok: true
      readonly checked: number
      /** The last entry that was removed: the chain is whole from the next one on. */
      readonly anchor: ChainPoint
      readonly newest: ChainPoint
      /** Whether `known` was found. False when it was not given, or removed meanwhile. */
      readonly isKnownFound: boolean
    }
  | ({ readonly ok: false; readonly checked: number } & Broken)

/** The store could not do what it was asked. `cause` is what the database said. */
export class LogStoreFailed extends Error {
  readonly code = 'LOG_STORE_FAILED'

  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.name = 'LogStoreFailed'
  }
}
