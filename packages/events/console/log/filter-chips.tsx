import { PassingButton } from '../focus.js'
import { wholeMoment } from '../moments.js'
import type { FilterName } from './log-filter.js'
import { clearFilter, filter, jumpedTo, jumpTo, setFilter } from './log-state.js'

/** What narrows the log at the moment, each to be taken away. */
export function FilterChips() {
  const { user, actor, service, reason, ip, ref, correlationId, from, to, types } = filter.value
  const chips: (readonly [name: FilterName, label: string, value: string | undefined])[] = [
    ['type', 'type', types?.join(', ')],
    ['user', 'user', user],
    ['actor', 'done by', actor],
    ['service', 'service', service],
    ['reason', 'reason', reason],
    ['ip', 'address', ip],
    ['ref', 'session', ref],
    ['correlation_id', 'request', correlationId],
    ['from', 'from', from === undefined ? undefined : wholeMoment(from)],
    ['to', 'to', to === undefined ? undefined : wholeMoment(to)],
  ]
  const shown = chips.filter(([, , value]) => value !== undefined)
  const at = jumpedTo.value
  if (shown.length === 0 && at === null) return null
  return (
    <ul class="chips" aria-label="What the log is narrowed to">
      {at !== null && (
        <Chip label="at" value={wholeMoment(at)} onRemove={() => jumpTo(null)} remove="Back to live" />
      )}
      {shown.map(([name, label, value]) => (
        <Chip
          key={name}
          label={label}
          value={value ?? ''}
          onRemove={() => setFilter({ [name]: null })}
          remove={`Take the filter “${label}” away`}
        />
      ))}
      {shown.length > 1 && (
        <li>
          <PassingButton leadsTo="#log-list" class="quiet small" onClick={clearFilter}>
            Clear all
          </PassingButton>
        </li>
      )}
    </ul>
  )
}

interface ChipProps {
  readonly label: string
  readonly value: string
  readonly remove: string
  readonly onRemove: () => void
}

function Chip({ label, value, remove, onRemove }: ChipProps) {
  return (
    <li class="chip">
      <span class="chip-label">{label}</span>
      <span class="chip-value">{value}</span>
      <PassingButton leadsTo="#log-list" aria-label={remove} title={remove} onClick={onRemove}>
        ×
      </PassingButton>
    </li>
  )
}
