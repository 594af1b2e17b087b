/* biome-ignore-all lint/a11y/useSemanticElements: a table can't be positioned line by line */
/* biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus, and says which line is meant */
import { useSignalEffect } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { PassingButton } from '../focus.js'
import { isNarrow } from '../narrow.js'
import { isFiltered, momentOf, nothingOf } from './log-filter.js'
import { LogRow, rowId } from './log-row.js'
import { clearFilter, closePanel, filter, jumpedTo, jumpTo, log, open, openEvent } from './log-state.js'
import type { Line } from './shown-lines.js'
import { useVirtualRows } from './virtual-rows.js'

const ROW_PX = 34
const NARROW_ROW_PX = 58
/** Further pages are loaded this many rows before they are needed. */
const EARLY = 40
/** By so many rows PageUp and PageDown go. */
const PAGE_ROWS = 20

/** The lines of the log, of which only those in sight are on the page. */
export function LogList() {
  const scroller = useRef<HTMLDivElement>(null)
  const lines = log.lines.value
  const rowHeight = isNarrow.value ? NARROW_ROW_PX : ROW_PX
  const rows = useVirtualRows(scroller, lines.length, rowHeight)
  const [active, setActive] = useState<string | null>(null)
  const opened = openEvent.value
  useSteadyView(lines, (by) => rows.shift(by * rowHeight), scroller)

  const last = rows.items.at(-1)?.index ?? 0
  useLayoutEffect(() => {
    if (log.olderTrouble.peek() !== null) return
    if (log.hasOlder.value && last > lines.length - EARLY) void log.loadOlder()
  }, [last, lines.length, log.hasOlder.value])

  // Who jumped to a time finds it on top, and what came after it above.
  useSignalEffect(() => {
    if (jumpedTo.value === null) return
    setActive(null)
    scroller.current?.scrollTo({ top: 0 })
  })
  // Who closes it is back at its line, and who goes on from it to the next one sees that in the list too.
  useLayoutEffect(() => {
    if (opened === null) return
    setActive(opened)
    const at = lines.findIndex(({ event }) => event.id === opened)
    if (at !== -1) rows.scrollTo(at)
  }, [opened])

  function onScroll(): void {
    const top = scroller.current?.scrollTop ?? 0
    log.hold(top > rowHeight / 2 || openEvent.value !== null)
    loadWhatIsAbove()
  }
  function loadWhatIsAbove(): void {
    const isNearTop = (scroller.current?.scrollTop ?? 0) < EARLY * rowHeight
    if (isNearTop && log.hasNewer.peek() && log.trouble.peek() === null) void log.loadNewer()
  }
  // Who is at the top already can't scroll there.
  useLayoutEffect(loadWhatIsAbove, [lines])
  useSignalEffect(() => {
    const isReading = openEvent.value !== null
    log.hold(isReading || (scroller.current?.scrollTop ?? 0) > rowHeight / 2)
  })

  // Nobody reads what is not shown.
  useEffect(() => () => log.hold(false), [])

  function moveTo(index: number): void {
    const to = Math.max(0, Math.min(lines.length - 1, index))
    const line = lines[to]
    if (line === undefined) return
    setActive(line.event.id)
    rows.scrollTo(to)
    // Beside the list, what is open follows the keyboard.
    if (opened !== null && !isNarrow.value) open(line.event.id)
  }

  /** As whoever jumps to its time: it is on top, and more is loaded on either side of it. */
  function goOnFrom(line: Line | undefined): void {
    const at = momentOf(line?.event.time ?? null)
    if (at !== undefined) jumpTo(at)
  }

  function onKeyDown(pressed: KeyboardEvent): void {
    if (pressed.target !== pressed.currentTarget) return
    if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return
    const at = lines.findIndex(({ event }) => event.id === (active ?? opened))
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      j: at + 1,
      ArrowUp: Math.max(0, at - 1),
      k: Math.max(0, at - 1),
      PageDown: at + PAGE_ROWS,
      PageUp: at - PAGE_ROWS,
      Home: 0,
      End: lines.length - 1,
    }
    const to = moves[pressed.key]
    if (to !== undefined) moveTo(to)
    else if (pressed.key === 'Enter' && lines[at] !== undefined) open(lines[at].event.id)
    else if (pressed.key === 'Escape' && opened !== null) closePanel()
    else return
    pressed.preventDefault()
    pressed.stopPropagation()
  }

  function onClick({ target }: MouseEvent): void {
    const row = target instanceof Element ? target.closest('[data-index]') : null
    const line = row instanceof HTMLElement ? lines[Number(row.dataset['index'])] : undefined
    if (line === undefined) return
    setActive(line.event.id)
    if (line.event.id === opened) closePanel()
    else open(line.event.id)
  }

  const current = active ?? opened
  const isInSight = rows.items.some(({ index }) => lines[index]?.event.id === current)
  const isEmpty = lines.length === 0
  return (
    <div class="log-frame">
      {!isEmpty && <Trouble />}
      <div
        ref={scroller}
        class="log-scroller"
        id="log-list"
        role="grid"
        tabIndex={0}
        aria-label="Events, newest first"
        aria-rowcount={log.hasOlder.value ? -1 : lines.length + 1}
        aria-colcount={5}
        aria-busy={log.isLoading.value}
        aria-activedescendant={current !== null && isInSight ? rowId(current) : undefined}
        aria-keyshortcuts="ArrowUp ArrowDown Home End Enter Escape"
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        onClick={onClick}
      >
        <div role="row" aria-rowindex={1} class="log-head">
          <span role="columnheader">Time</span>
          <span role="columnheader">Event</span>
          <span role="columnheader">What happened</span>
          <span role="columnheader">Why</span>
          <span role="columnheader">Address</span>
        </div>
        <div role="presentation" class="log-rows" style={{ height: `${rows.height}px` }}>
          {rows.items.map(({ index, start }) => {
            const line = lines[index]
            if (line === undefined) return null
            const { id } = line.event
            return (
              <LogRow
                key={id}
                line={line}
                index={index}
                top={start}
                isActive={id === current}
                isOpen={id === opened}
              />
            )
          })}
        </div>
        {!isEmpty && <LogEnd onGoOn={() => goOnFrom(lines.at(-1))} />}
      </div>
      {isEmpty && <LogNote />}
      <News scroller={scroller} onGoOn={() => goOnFrom(lines[0])} />
    </div>
  )
}

/** What came above while somebody reads further down moves nothing. */
function useSteadyView(
  lines: readonly Line[],
  shift: (rows: number) => void,
  scroller: { readonly current: HTMLElement | null },
): void {
  const first = useRef<string | undefined>(undefined)
  const isTimeTravel = useRef(false)
  useLayoutEffect(() => {
    const before = first.current
    first.current = lines[0]?.event.id
    const wasTimeTravel = isTimeTravel.current
    isTimeTravel.current = log.hasNewer.value
    if (before === undefined || before === first.current) return
    const added = lines.findIndex(({ event }) => event.id === before)
    const isReading = (scroller.current?.scrollTop ?? 0) > 0 || wasTimeTravel
    if (added > 0 && isReading) shift(added)
  }, [lines, shift, scroller])
}

/** Above lines that may not be all of them. */
function Trouble() {
  if (log.trouble.value === null) return null
  return (
    <div class="notice warn with-way" id="log-trouble" role="alert">
      <p>{log.trouble.value}</p>
      <PassingButton leadsTo="#log-list" class="small" onClick={log.tryAgain}>
        Try again
      </PassingButton>
    </div>
  )
}

function LogEnd({ onGoOn }: { readonly onGoOn: () => void }) {
  const { hasOlder, isLoadingOlder, olderTrouble, loadOlder } = log
  const trouble = olderTrouble.value
  if (!hasOlder.value)
    return (
      <p class="log-end" role="presentation">
        {isFiltered(filter.value) ? 'Nothing older fits.' : 'The log begins here.'}
      </p>
    )
  if (isLoadingOlder.value)
    return (
      <p class="log-end" role="presentation">
        Loading what is older…
      </p>
    )
  if (log.isFull.value)
    return (
      <div class="log-end" id="log-end" role="presentation">
        <p>These are {log.lines.value.length.toLocaleString('en')} events. No more are kept on one page.</p>
        <PassingButton leadsTo="#log-list" class="small" onClick={onGoOn}>
          Go on from the last one
        </PassingButton>
      </div>
    )
  return (
    <div class="log-end" id="log-end" role="presentation">
      {trouble !== null && <p role="alert">{trouble}</p>}
      <PassingButton leadsTo="#log-list" class="small" onClick={loadOlder}>
        {trouble === null ? 'Look further back' : 'Try again'}
      </PassingButton>
    </div>
  )
}

function LogNote() {
  const { isLoading, isLoadingOlder, trouble, isBadInput, olderTrouble, hasOlder } = log
  if (isLoading.value || isLoadingOlder.value) {
    return (
      <p class="log-note" role="status">
        Loading…
      </p>
    )
  }
  const isOlder = trouble.value === null
  const said = trouble.value ?? olderTrouble.value
  if (said !== null) {
    return (
      <div class="log-note" id="log-note" role="alert">
        <p>{said}</p>
        {isBadInput.value ? (
          <PassingButton leadsTo="#log-list" onClick={clearFilter}>
            Clear the filter
          </PassingButton>
        ) : (
          <PassingButton leadsTo="#log-list" onClick={isOlder ? log.loadOlder : log.tryAgain}>
            Try again
          </PassingButton>
        )}
      </div>
    )
  }
  return (
    <div class="log-note" id="log-note" role="status">
      <p>{nothingOf(filter.value)}</p>
      {hasOlder.value && (
        <PassingButton leadsTo="#log-list" onClick={log.loadOlder}>
          Look further back
        </PassingButton>
      )}
    </div>
  )
}

interface NewsProps {
  readonly scroller: { readonly current: HTMLElement | null }
  readonly onGoOn: () => void
}

/** What waits above, and the way there. */
function News({ scroller, onGoOn }: NewsProps) {
  const waiting = log.waiting.value
  if (log.hasNewer.value && log.isFull.value) {
    return (
      <PassingButton leadsTo="#log-list" class="log-news primary small" id="log-news" onClick={onGoOn}>
        ↑ Go on to what is newer
      </PassingButton>
    )
  }
  if (log.isPaused.value || waiting === 0) return null
  return (
    <PassingButton
      leadsTo="#log-list"
      class="log-news primary small"
      id="log-news"
      onClick={() => {
        closePanel()
        log.showWaiting()
        scroller.current?.scrollTo({ top: 0 })
      }}
    >
      ↑ {waiting === 1 ? '1 new event' : `${waiting.toLocaleString('en')} new events`}
    </PassingButton>
  )
}
