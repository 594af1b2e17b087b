import type { CurfewEvent } from '@curfew/contract'
import { type Answer, ask } from './ask.js'
import { compareCursors } from './cursor-order.js'
import { part } from './element.js'
import { type EventFilter, matches } from './event-filter.js'
import { type Arrival, createLogList } from './log-list.js'
import { type StreamMessage, sharedStream } from './shared-stream.js'

interface LogPage {
  readonly events: readonly CurfewEvent[]
  readonly next: string | null
  readonly position: string
}

export interface LogArea {
  /** Shows what has these words. */
  search(text: string): void
}

/** Typing waits this long before the log is asked. */
const TYPING_MS = 250
/** What comes within this is shown together. */
const TOGETHER_MS = 40
/** A rare word is looked for so many times before somebody has to ask for more. */
const MOST_PAGES = 5
/** More than this is not kept for somebody who paused: it is loaded when they come back. */
const MOST_WAITING = 500

/**
 * The live log. All tabs of a browser share one stream, so it carries everything, and each tab filters by
 * the same rule as the service does for what came before.
 */
export function createLogArea(onEvent: (event: CurfewEvent) => void): LogArea {
  const form = part('log-filter', HTMLFormElement)
  const textField = part('log-text', HTMLInputElement)
  const typeField = part('log-type', HTMLSelectElement)
  const pauseButton = part('log-pause', HTMLButtonElement)
  const newsButton = part('log-news', HTMLButtonElement)
  const olderButton = part('log-older', HTMLButtonElement)
  const state = part('log-state', HTMLElement)
  const note = part('log-note', HTMLElement)
  const root = part('log-list', HTMLElement)
  const list = createLogList(root)

  let filter: EventFilter = {}
  let next: string | null = null
  let waiting: Arrival[] = []
  /** How far in the log this page has come, by loading or by listening. */
  let position: string | null = null
  let isPaused = false
  let connection: 'open' | 'lost' | 'over' = 'lost'
  /** Counts the loads, so that a late answer to an earlier question is not shown. */
  let loads = 0
  let isLoading = false
  let isShowing = false
  let typing: ReturnType<typeof setTimeout> | undefined

  sharedStream('/events/stream', onMessage, {
    onState(now) {
      connection = now
      showState()
      // Whatever happened before we were listening. What comes from now on is heard.
      if (now === 'open') void catchUp()
    },
    onEnd() {
      connection = 'over'
      showState()
    },
  })

  form.addEventListener('submit', (submitted) => submitted.preventDefault())
  textField.addEventListener('input', () => {
    clearTimeout(typing)
    typing = setTimeout(refilter, TYPING_MS)
  })
  typeField.addEventListener('change', refilter)
  pauseButton.addEventListener('click', () => {
    isPaused = !isPaused
    if (!isPaused) showWaiting()
    showState()
  })
  newsButton.addEventListener('click', () => {
    showWaiting()
    newsButton.blur()
    root.scrollIntoView({ block: 'start' })
  })
  olderButton.addEventListener('click', loadOlder)
  window.addEventListener('scroll', () => isHolding() || showWaiting(), { passive: true })
  root.addEventListener('toggle', () => isHolding() || showWaiting(), { capture: true })
  root.addEventListener('click', ({ target }) => {
    const wanted = target instanceof HTMLElement ? target.dataset['search'] : undefined
    if (wanted !== undefined) search(wanted)
  })

  function onMessage({ event: name, data, id }: StreamMessage): void {
    if (name === 'gap') return void load()
    if (name !== 'log') return
    const event: CurfewEvent = JSON.parse(data)
    // A tab that joins is told the newest message again, and a page may be ahead of the stream.
    if (position !== null && compareCursors(id, position) <= 0) return
    position = id
    onEvent(event)
    if (!matches(filter, event)) return
    waiting.push({ event, cursor: id })
    // Many may come in a row: the page is laid out once for all of them.
    if (isShowing) return
    isShowing = true
    setTimeout(() => {
      isShowing = false
      if (!isHolding()) showWaiting()
      showNews()
    }, TOGETHER_MS)
  }

  /** While somebody reads further down, or has opened a line, nothing moves under their eyes. */
  function isHolding(): boolean {
    return isPaused || isLoading || list.isOpen || root.getBoundingClientRect().top < 0
  }

  function showWaiting(): void {
    if (waiting.length > MOST_WAITING) return void load()
    list.prepend(waiting.splice(0))
    next = list.trim() ?? next
    showNews()
    showNote()
  }

  /** Shows the newest page that fits the filter, in place of all that is shown. */
  async function load(): Promise<void> {
    const mine = ++loads
    isLoading = true
    const answer = await askForPage({})
    if (mine !== loads) return
    isLoading = false
    if (!answer.ok) return showNote(answer.detail)
    list.replace(answer.body.events)
    next = answer.body.next
    waiting = waiting.filter((one) => isAfter(one, answer.body.position))
    comeTo(answer.body.position)
    if (!isPaused) showWaiting()
    if (list.size === 0 && next !== null) await loadOlder()
    showNews()
    showNote()
  }

  /** Adds what is missing on top, and leaves the rest as it is, if what is shown reaches that far. */
  async function catchUp(): Promise<void> {
    if (list.size === 0) return load()
    const mine = ++loads
    isLoading = true
    const answer = await askForPage({})
    if (mine !== loads) return
    isLoading = false
    if (!answer.ok) return showNote(answer.detail)
    const { events, position: end } = answer.body
    const isKnown = (event: CurfewEvent) =>
      list.has(event) || waiting.some((one) => one.event.id === event.id)
    if (events.length > 0 && !events.some(isKnown)) return load()

    const ids = new Set(events.map(({ id }) => id))
    waiting = [
      ...waiting.filter((one) => !isAfter(one, end) && !ids.has(one.event.id)),
      ...events.toReversed().flatMap((event) => (list.has(event) ? [] : [{ event }])),
      ...waiting.filter((one) => isAfter(one, end)),
    ]
    comeTo(end)
    if (!isHolding()) showWaiting()
    showNews()
  }

  function comeTo(end: string): void {
    if (position === null || compareCursors(end, position) > 0) position = end
  }

  async function loadOlder(): Promise<void> {
    const mine = loads
    olderButton.disabled = true
    for (let pages = 0, found = 0; next !== null && found === 0 && pages < MOST_PAGES; pages++) {
      const answer = await askForPage({ before: next })
      if (mine !== loads) break
      if (!answer.ok) {
        showNote(answer.detail)
        break
      }
      list.append(answer.body.events)
      next = answer.body.next
      found = answer.body.events.length
    }
    olderButton.disabled = false
    showNote()
  }

  function isAfter({ cursor }: Arrival, end: string): boolean {
    return cursor !== undefined && compareCursors(cursor, end) > 0
  }

  function askForPage(place: { before?: string }): Promise<Answer<LogPage>> {
    const { text, types = [] } = filter
    const query = new URLSearchParams(place)
    if (text !== undefined) query.set('text', text)
    for (const type of types) query.append('type', type)
    return ask(`/events?${query}`)
  }

  function refilter(): void {
    clearTimeout(typing)
    const text = textField.value.trim()
    filter = {
      text: text === '' ? undefined : text,
      types: typeField.value === '' ? undefined : [typeField.value],
    }
    waiting = []
    void load()
  }

  function search(text: string): void {
    textField.value = text
    typeField.value = ''
    refilter()
    form.scrollIntoView({ block: 'nearest' })
  }

  function showState(): void {
    const shown = isPaused ? 'paused' : connection
    state.className = `badge ${STATES[shown].tone}`
    state.textContent = STATES[shown].words
    pauseButton.textContent = isPaused ? 'Resume' : 'Pause'
    showNews()
  }

  function showNews(): void {
    newsButton.hidden = waiting.length === 0 || isLoading
    newsButton.textContent = waiting.length === 1 ? '1 new event' : `${waiting.length} new events`
  }

  function showNote(trouble?: string): void {
    const isFiltered = Object.values(filter).some((value) => value !== undefined)
    const nothing = isFiltered ? 'Nothing here fits.' : 'Nothing has happened yet.'
    note.textContent = trouble ?? (list.size === 0 && next === null ? nothing : '')
    note.hidden = note.textContent === ''
    olderButton.hidden = next === null
    olderButton.textContent = list.size === 0 ? 'Look further back' : 'Load older'
  }

  return { search }
}

const STATES = {
  open: { words: 'Live', tone: 'live ok' },
  lost: { words: 'Connecting…', tone: 'live warn' },
  over: { words: 'Stopped', tone: 'danger' },
  paused: { words: 'Paused', tone: 'warn' },
}
