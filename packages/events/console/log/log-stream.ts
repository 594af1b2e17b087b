import type { CurfewEvent } from '@curfew/contract'
import { type StreamMessage, sharedStream } from '@curfew/service/browser/shared-stream'
import { type ReadonlySignal, signal } from '@preact/signals'
import { compareCursors } from '../../src/cursor-order.js'

export interface LogStreamOptions {
  /** Everything that happens from where the page has come to. */
  readonly onEvent: (event: CurfewEvent, cursor: string) => void
  /** From now on everything is heard; what happened after `reached` may not have been. */
  readonly onOpen: (reached: string | null) => void
  /** So much happened unheard that it is not told. */
  readonly onGap: () => void
}

export interface LogStream {
  readonly connection: ReadonlySignal<'open' | 'lost' | 'over'>
  /** Again it does nothing. */
  follow(): void
  /** The page has everything up to there, by loading. */
  comeTo(position: string): void
}

/** Hears the log. All tabs of a browser share one stream, so it carries everything. */
export function createLogStream({ onEvent, onOpen, onGap }: LogStreamOptions): LogStream {
  const connection = signal<'open' | 'lost' | 'over'>('lost')
  /** How far in the log this page has come, by loading or by listening. */
  let reached: string | null = null
  let isFollowing = false

  function onMessage({ event: name, data, id }: StreamMessage): void {
    if (name === 'gap') {
      // It may be another log, that ends before what was reached in the one before.
      reached = id
      onGap()
    }
    // A tab that joins is told the newest message again, and a page may be ahead of the stream.
    if (name !== 'log' || !isAhead(id)) return
    reached = id
    onEvent(JSON.parse(data), id)
  }

  const isAhead = (position: string) => reached === null || compareCursors(position, reached) > 0

  return {
    connection,
    follow() {
      if (isFollowing) return
      isFollowing = true
      sharedStream('/events/stream', onMessage, {
        onState(now) {
          connection.value = now
          if (now === 'open') onOpen(reached)
        },
        onEnd() {
          connection.value = 'over'
        },
      })
    },
    comeTo(position) {
      if (isAhead(position)) reached = position
    },
  }
}
