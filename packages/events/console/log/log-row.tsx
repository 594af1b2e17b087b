/* biome-ignore-all lint/a11y/useSemanticElements: a table can't be positioned line by line */
/* biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus, and says which line is meant */
import { memo } from 'preact/compat'
import { whatHappened, whoDidIt, whyItHappened } from '../../src/event-words.js'
import { toneOf } from '../event/tones.js'
import { timeInList, wholeMoment } from '../moments.js'
import type { Line } from './shown-lines.js'

export interface LogRowProps {
  readonly line: Line
  readonly index: number
  readonly top: number
  /** The keyboard is here. */
  readonly isActive: boolean
  /** It is open beside the list. */
  readonly isOpen: boolean
}

/** One event as a line of the log. */
export const LogRow = memo(function LogRow({ line, index, top, isActive, isOpen }: LogRowProps) {
  const { event, isNew } = line
  const why = whyItHappened(event)
  return (
    <div
      role="row"
      id={rowId(event.id)}
      // The head is the first.
      aria-rowindex={index + 2}
      aria-selected={isOpen}
      class={`log-row tone-${toneOf(event.type)}${isActive ? ' active' : ''}${isNew ? ' new' : ''}${why === undefined ? ' no-why' : ''}`}
      data-index={index}
      style={{ transform: `translateY(${top}px)` }}
    >
      <span role="gridcell" class="log-time" title={wholeMoment(event.time)}>
        <time dateTime={event.time}>{timeInList(event.time)}</time>
      </span>
      <span role="gridcell" class="log-type">
        {event.type}
      </span>
      <span role="gridcell" class="log-what">
        <strong>{whoDidIt(event)}</strong> {whatHappened(event)}
      </span>
      <span role="gridcell" class="log-why">
        {why}
      </span>
      <span role="gridcell" class="log-ip">
        {event.data.ip}
      </span>
    </div>
  )
})

export const rowId = (eventId: string) => `event-${eventId}`
