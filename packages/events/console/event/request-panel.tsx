import type { CurfewEvent } from '@curfew/contract'
import { signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { whatHappened, whoDidIt, whyItHappened } from '../../src/event-words.js'
import { askForAll } from '../log/log-pages.js'
import { log, open, setFilter } from '../log/log-state.js'
import { duration, timeInList, wholeMoment } from '../moments.js'
import { Panel } from './panel.js'
import { TONES } from './tones.js'

/** No request has so many steps; a correlation id that is used for everything has. */
const MOST = 500

/** Everything that one login or request did, through all services, in order, with the time between the steps. */
export function RequestPanel({ correlationId }: { readonly correlationId: string }) {
  const steps = useMemo(() => signal<readonly CurfewEvent[] | null>(null), [correlationId])
  const trouble = useMemo(() => signal<string | null>(null), [correlationId])

  useEffect(() => {
    const stop = log.onEvent((event) => {
      if (event.data.correlationId === correlationId) steps.value = inOrder([...(steps.value ?? []), event])
    })
    void askForAll({ correlationId }, MOST).then((answer) => {
      if (answer.ok) steps.value = inOrder([...answer.body.events, ...(steps.value ?? [])])
      else trouble.value = answer.detail
    })
    return stop
  }, [correlationId, steps, trouble])

  const events = steps.value
  return (
    <Panel title="One request, step by step">
      <p class="mono follow-id">{correlationId}</p>
      {trouble.value !== null && (
        <p class="notice warn" role="alert">
          {trouble.value}
        </p>
      )}
      {events === null && trouble.value === null && <p role="status">Loading…</p>}
      {events !== null && <Steps events={events} />}
      <p class="actions">
        <button type="button" class="small" onClick={() => setFilter({ correlation_id: correlationId })}>
          Show only this in the log
        </button>
      </p>
    </Panel>
  )
}

function Steps({ events }: { readonly events: readonly CurfewEvent[] }) {
  const [first, last] = [events[0], events.at(-1)]
  if (first === undefined || last === undefined) {
    return <p class="notice">Nothing in the log has this correlation id, or it is kept no more.</p>
  }
  const services = new Set(events.map(({ source }) => source))
  return (
    <>
      <p class="soft follow-summary">
        {events.length === 1 ? 'One step' : `${events.length} steps`} in{' '}
        {services.size === 1 ? 'one service' : `${services.size} services`}
        {events.length > 1 && `, ${duration(msBetween(first, last))} from the first to the last`}.
      </p>
      <ol class="steps">
        {events.map((event, index) => {
          const before = events[index - 1]
          const why = whyItHappened(event)
          return (
            <li key={event.id} class={`tone-${TONES[event.type]}`}>
              <span class="step-gap">
                {before === undefined ? 'start' : `+${duration(msBetween(before, event))}`}
              </span>
              <button type="button" class="step" onClick={() => open(event.id)}>
                <span class="step-head">
                  <span class="log-type">{event.type}</span>
                  <span class="badge">{event.source.slice(1)}</span>
                </span>
                <span class="step-what">
                  <strong>{whoDidIt(event)}</strong> {whatHappened(event)}
                  {why !== undefined && <span class="soft"> · {why}</span>}
                </span>
                <time class="soft" dateTime={event.time} title={wholeMoment(event.time)}>
                  {timeInList(event.time)}
                </time>
              </button>
            </li>
          )
        })}
      </ol>
    </>
  )
}

const msBetween = (a: CurfewEvent, b: CurfewEvent) => Date.parse(b.time) - Date.parse(a.time)

/** Oldest first, each once. */
function inOrder(events: readonly CurfewEvent[]): CurfewEvent[] {
  const once = new Map(events.map((event) => [event.id, event]))
  return [...once.values()].sort((a, b) => Date.parse(a.time) - Date.parse(b.time))
}
