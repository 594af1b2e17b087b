import { useEffect, useRef } from 'preact/hooks'
import { localInput } from '../moments.js'
import { MoreFilters, TypeField } from './filter-fields.js'
import { queryOf } from './log-filter.js'
import { filter, jumpedTo, jumpTo, log, setFilter } from './log-state.js'

/** Typing waits this long before the log is asked. */
const TYPING_MS = 250

/** All that can be done with the log. */
export function LogBar() {
  return (
    <search class="log-bar" id="log-filter">
      <TextField />
      <TypeField />
      <MoreFilters />
      <JumpToTime />
      <Export />
      <Pause />
      <State />
    </search>
  )
}

function TextField() {
  const field = useRef<HTMLInputElement>(null)
  const typing = useRef<ReturnType<typeof setTimeout>>()
  const { text = '' } = filter.value
  /** What the field and the address last had in common. */
  const settled = useRef<string | null>(null)
  useEffect(() => {
    const input = field.current
    // While somebody types, the address is behind.
    if (input !== null && text !== settled.current) input.value = text
    settled.current = text
  }, [text])
  useEffect(() => () => clearTimeout(typing.current), [])

  function apply(): void {
    clearTimeout(typing.current)
    settled.current = field.current?.value.trim() ?? ''
    setFilter({ text: settled.current })
  }

  return (
    <input
      ref={field}
      type="search"
      id="log-text"
      aria-label="Search the log"
      aria-keyshortcuts="/"
      placeholder="Search: a name, an address, a reason…"
      autocomplete="off"
      spellcheck={false}
      maxLength={200}
      onInput={() => {
        clearTimeout(typing.current)
        typing.current = setTimeout(apply, TYPING_MS)
      }}
      onKeyDown={({ key }) => {
        if (key === 'Enter') apply()
        else if (key === 'ArrowDown') document.getElementById('log-list')?.focus()
      }}
    />
  )
}

function JumpToTime() {
  const field = useRef<HTMLInputElement>(null)
  const close = () => document.getElementById('log-jump')?.hidePopover()
  return (
    <>
      <button type="button" popovertarget="log-jump" id="log-jump-open" aria-label="Jump to time">
        <span>
          Jump<span class="roomy"> to time</span>
        </span>
      </button>
      <form
        class="popover log-jump"
        id="log-jump"
        popover="auto"
        // Now is when it opens, and not when the page did.
        onBeforeToggle={({ newState }) => {
          if (newState === 'open' && field.current !== null)
            field.current.value = localInput(jumpedTo.value ?? Date.now())
        }}
        onSubmit={(submitted) => {
          submitted.preventDefault()
          const at = Date.parse(field.current?.value ?? '')
          if (Number.isNaN(at)) return
          jumpTo(at)
          close()
        }}
      >
        <label>
          Show the log as it was at
          <input ref={field} type="datetime-local" step="1" required id="log-jump-time" />
        </label>
        <p class="actions">
          <button type="submit" class="primary">
            Jump
          </button>
          {jumpedTo.value !== null && (
            <button
              type="button"
              onClick={() => {
                jumpTo(null)
                close()
              }}
            >
              Back to live
            </button>
          )}
        </p>
      </form>
    </>
  )
}

function Export() {
  const query = queryOf(filter.value).toString()
  const link = (format: string) => `/events/export?format=${format}${query === '' ? '' : `&${query}`}`
  return (
    <>
      <button type="button" popovertarget="log-export" id="log-export-open">
        Export
      </button>
      <div class="popover log-export" id="log-export" popover="auto">
        <p class="hint">Everything that fits the filter, newest first, as one file.</p>
        <a class="button" href={link('ndjson')} download>
          NDJSON, an event a line
        </a>
        <a class="button" href={link('csv')} download>
          CSV, for a spreadsheet
        </a>
      </div>
    </>
  )
}

function Pause() {
  const paused = log.isPaused.value
  const waiting = log.waiting.value
  return (
    <button
      type="button"
      id="log-pause"
      class={paused ? 'primary' : ''}
      aria-keyshortcuts="p"
      onClick={() => log.pause(!paused)}
    >
      {paused ? 'Resume' : 'Pause'}
      {paused && waiting > 0 && (
        <span class="count" id="log-waiting">
          {waiting.toLocaleString('en')}
        </span>
      )}
    </button>
  )
}

function State() {
  const connection = log.connection.value
  const wanted = log.isPaused.value ? 'paused' : log.hasNewer.value ? 'past' : 'open'
  const shown = connection === 'open' ? wanted : connection
  const { tone, words } = STATES[shown]
  return (
    <span class={`badge ${tone}`} id="log-state" role="status">
      {words}
    </span>
  )
}

const STATES = {
  open: { words: 'Live', tone: 'live ok' },
  lost: { words: 'Connecting…', tone: 'live warn' },
  over: { words: 'Stopped', tone: 'danger' },
  paused: { words: 'Paused', tone: 'warn' },
  past: { words: 'Past', tone: 'info' },
}
