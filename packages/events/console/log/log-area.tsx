import { OneEvent } from '../event/one-event.js'
import { OneRequest } from '../event/one-request.js'
import { Panel } from '../event/panel.js'
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
          <Panel title="One request, step by step" id={request}>
            <OneRequest correlationId={request} />
          </Panel>
        ) : event !== null ? (
          <Panel title="Event" id={event}>
            <OneEvent id={event} />
          </Panel>
        ) : null}
      </div>
    </section>
  )
}
