import type { CurfewEvent } from '@curfew/contract'
import { type StreamMessage, sharedStream } from '@curfew/service/browser/shared-stream'
import { type ReadonlySignal, signal } from '@preact/signals'
import { compareCursors } from '../../src/cursor-order.js'

export interface LogStreamOptions {
  /** Everything that happens. `isNews`: from where the page has come to. */
  readonly onEvent: (event: CurfewEvent, cursor: string, isNews: boolean) => void
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
  /** What was told last. */
  let heard: string | null = null
  let isFollowing = false

  function onMessage({ event: name, data, id }: StreamMessage): void {
    if (name === 'gap') {
      // It may be another log, that ends before what was reached in the one before.
      reached = heard = id
      onGap()
    }
    // A tab that joins is told the newest message again.
    if (name !== 'log' || !isAfter(id, heard)) return
    heard = id
    // A page may be ahead of the stream.
    const isNews = isAfter(id, reached)
    if (isNews) reached = id
    onEvent(JSON.parse(data), id, isNews)
  }

  const isAfter = (position: string, other: string | null) =>
    other === null || compareCursors(position, other) > 0

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
      if (isAfter(position, reached)) reached = position
    },
  }
}
