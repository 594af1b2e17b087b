import type { CurfewEvent } from '@curfew/contract'
import { compareCursors } from '../../src/cursor-order.js'
import type { Line } from './shown-lines.js'

/** What has happened and is not shown, since somebody reads or has paused. */
export interface WaitingLines {
  /** How many, those that are not kept among them. */
  readonly count: number
  /** More came than is kept: they are to be loaded. */
  readonly isCutOff: boolean
  add(line: Line): void
  /** All of them, newest first: nothing waits any more. */
  take(): Line[]
  clear(): void
  /** A page that was asked for has what came until `end`. */
  dropUntil(end: string): void
  /** What is on a page that was asked for, which reaches to `end`, stands where it belongs. */
  join(events: readonly CurfewEvent[], end: string, isShown: (id: string) => boolean): void
}

/** More is not kept for somebody who paused: it is loaded when they come back. */
const MOST_WAITING = 2_000

export function createWaitingLines(): WaitingLines {
  /** Oldest first. */
  let lines: Line[] = []
  let leftOut = 0
  const isAfter = ({ cursor }: Line, end: string) => cursor !== undefined && compareCursors(cursor, end) > 0

  return {
    get count() {
      return lines.length + leftOut
    },
    get isCutOff() {
      return leftOut > 0
    },
    add(line) {
      if (lines.length < MOST_WAITING) lines.push(line)
      else leftOut++
    },
    take: () => lines.splice(0).toReversed(),
    clear() {
      lines = []
      leftOut = 0
    },
    dropUntil(end) {
      lines = lines.filter((line) => isAfter(line, end))
    },
    join(events, end, isShown) {
      const ids = new Set(events.map(({ id }) => id))
      lines = [
        ...lines.filter((line) => !isAfter(line, end) && !ids.has(line.event.id)),
        ...events.toReversed().map((event) => ({ event, isNew: true })),
        ...lines.filter((line) => isAfter(line, end)),
      ].filter(({ event }) => !isShown(event.id))
    },
  }
}
