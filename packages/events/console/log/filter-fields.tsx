import { useRef } from 'preact/hooks'
import { typesByNoun } from '../event/tones.js'
import { localInput } from '../moments.js'
import { type FilterName, momentOf } from './log-filter.js'
import { clearFilter, filter, setFilter } from './log-state.js'

/** What can be narrowed besides words and type, in the order in which people ask. */
const FIELDS: readonly (readonly [name: FilterName, label: string, hint: string])[] = [
  ['user', 'User', 'the id of whom it is about'],
  ['actor', 'Done by', 'a user id, or system'],
  ['service', 'Service', 'identity, projects, events…'],
  ['reason', 'Reason', 'logged-out, idle, admin…'],
  ['ip', 'IP address', '203.0.113.7'],
  ['ref', 'Session', 'its ref'],
  ['correlation_id', 'Request', 'its correlation id'],
]

const LAST: readonly (readonly [label: string, ms: number])[] = [
  ['Last 15 min', 15 * 60_000],
  ['Last hour', 3_600_000],
  ['Last 24 h', 86_400_000],
  ['Last 7 days', 7 * 86_400_000],
]

/** The type of event, whole nouns or one. */
export function TypeField() {
  const { types = [] } = filter.value
  const value = types.join(',')
  const nouns = typesByNoun()
  const isListed = nouns.some(([noun, some]) => value === `${noun}.*` || some.includes(value))
  return (
    <select
      id="log-type"
      aria-label="Type of event"
      value={value}
      onChange={({ currentTarget }) => setFilter({ type: currentTarget.value })}
    >
      <option value="">All events</option>
      {types.length > 1 && <option value={value}>{types.length} types</option>}
      {types.length === 1 && !isListed && <option value={value}>{value}</option>}
      {nouns.map(([noun, some]) => (
        <optgroup key={noun} label={noun}>
          {some.length > 1 && <option value={`${noun}.*`}>{noun}: all</option>}
          {some.map((type) => (
            <option key={type} value={type}>
              {type}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  )
}

/** All other fields, in a form that opens. */
export function MoreFilters() {
  const form = useRef<HTMLFormElement>(null)
  const now = filter.value
  const textOf = (name: FilterName) => {
    const value = name === 'correlation_id' ? now.correlationId : name === 'type' ? undefined : now[name]
    return value === undefined ? '' : String(value)
  }
  const count =
    FIELDS.filter(([name]) => textOf(name) !== '').length +
    Number(now.from !== undefined || now.to !== undefined)

  function apply(submitted: Event): void {
    submitted.preventDefault()
    if (form.current === null) return
    const data = new FormData(form.current)
    const text = (name: string) => String(data.get(name) ?? '').trim()
    setFilter({
      ...Object.fromEntries(FIELDS.map(([name]) => [name, text(name)])),
      from: fromLocal(text('from')),
      to: fromLocal(text('to')),
    })
    document.getElementById('log-filters')?.hidePopover()
  }

  return (
    <>
      <button type="button" popovertarget="log-filters" id="log-more">
        Filters{count > 0 && <span class="count">{count}</span>}
      </button>
      <form
        class="popover log-filters"
        id="log-filters"
        popover="auto"
        ref={form}
        onSubmit={apply}
        key={JSON.stringify(now)}
      >
        <h2>Filter the log</h2>
        <p class="hint">
          All that is filled in has to fit. The filter is in the address: copy it to share what you see.
        </p>
        <div class="log-filters-fields">
          {FIELDS.map(([name, label, hint]) => (
            <label key={name} class={name === 'correlation_id' ? 'whole-row' : undefined}>
              {label}
              <input
                name={name}
                defaultValue={textOf(name)}
                placeholder={hint}
                maxLength={200}
                autocomplete="off"
                spellcheck={false}
              />
            </label>
          ))}
          <label>
            From
            <input
              type="datetime-local"
              step="1"
              name="from"
              defaultValue={now.from === undefined ? '' : localInput(now.from)}
            />
          </label>
          <label>
            To
            <input
              type="datetime-local"
              step="1"
              name="to"
              defaultValue={now.to === undefined ? '' : localInput(now.to)}
            />
          </label>
        </div>
        <p class="quick">
          {LAST.map(([label, ms]) => (
            <button
              key={label}
              type="button"
              class="small"
              onClick={() => {
                setFilter({ from: new Date(Date.now() - ms).toISOString(), to: null })
                document.getElementById('log-filters')?.hidePopover()
              }}
            >
              {label}
            </button>
          ))}
        </p>
        <p class="actions">
          <button type="submit" class="primary">
            Apply
          </button>
          <button
            type="button"
            onClick={() => {
              clearFilter()
              document.getElementById('log-filters')?.hidePopover()
            }}
          >
            Clear all
          </button>
        </p>
      </form>
    </>
  )
}

function fromLocal(text: string): string | null {
  const at = momentOf(text)
  return at === undefined ? null : new Date(at).toISOString()
}
