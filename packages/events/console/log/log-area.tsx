import { EventPanel } from '../event/event-panel.js'
import { RequestPanel } from '../event/request-panel.js'
import { FilterChips } from './filter-chips.js'
import { LogBar } from './log-bar.js'
import { LogList } from './log-list.js'
import { followed, openEvent } from './log-state.js'

/** The log, and what is open of it. */
export function LogArea() {
  const [event, request] = [openEvent.value, followed.value]
  return (
    <section class="log-area" id="log-area" aria-label="Log">
      <LogBar />
      <FilterChips />
      <div class={`log-body${(request ?? event) === null ? '' : ' has-panel'}`}>
        <LogList />
        {request !== null ? (
          <RequestPanel correlationId={request} />
        ) : event !== null ? (
          <EventPanel id={event} />
        ) : null}
      </div>
    </section>
  )
}
