import type { CurfewEvent } from '@curfew/contract'
import { signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { duration } from '../../src/duration.js'
import { whatHappened, whoDidIt, whyItHappened } from '../../src/event-words.js'
import { type RequestSteps, requestSteps } from '../../src/request-steps.js'
import { askForAll } from '../log/log-pages.js'
import { log, open, setFilter } from '../log/log-state.js'
import { timeInList, wholeMoment } from '../moments.js'
import { createRest } from '../rest.js'
import { toneOf } from './tones.js'

/** No request has so many steps; a correlation id that is used for everything has. */
const MOST = 500

/** Everything that one login or request did, through all services, in order, with the time between the steps. */
export function OneRequest({ correlationId }: { readonly correlationId: string }) {
  const steps = useMemo(() => signal<RequestSteps | null>(null), [correlationId])
  const trouble = useMemo(() => signal<string | null>(null), [correlationId])

  const beginnings = log.beginnings.value
  useEffect(() => {
    let isWanted = true
    let heard: readonly CurfewEvent[] = []
    const stop = log.onEvent((event) => {
      if (event.data.correlationId !== correlationId) return
      heard = [...heard, event].slice(-MOST)
      const { value } = steps
      if (value === null) return
      const page = { events: value.events.toReversed(), isMore: value.isMore }
      steps.value = requestSteps(page, [event], MOST)
    })
    const rest = createRest(() => void look())
    async function look(): Promise<void> {
      const answer = await askForAll({ correlationId }, MOST)
      if (!isWanted) return
      trouble.value = answer.ok ? null : answer.detail
      if (answer.ok) steps.value = requestSteps(answer.body, heard, MOST)
      else if (!answer.isBadInput) rest.begin()
    }
    void look()
    return () => {
      isWanted = false
      rest.end()
      stop()
    }
  }, [correlationId, steps, trouble, beginnings])

  const shown = steps.value
  return (
    <>
      <p class="mono follow-id">{correlationId}</p>
      {trouble.value !== null && (
        <p class="notice warn" role="alert">
          {trouble.value}
        </p>
      )}
      {shown === null && trouble.value === null && <p role="status">Loading…</p>}
      {shown !== null && <Steps {...shown} />}
      <p class="actions">
        <button type="button" class="small" onClick={() => setFilter({ correlation_id: correlationId })}>
          Show only this in the log
        </button>
      </p>
    </>
  )
}

function Steps({ events, isMore }: RequestSteps) {
  const [first, last] = [events[0], events.at(-1)]
  if (first === undefined || last === undefined) {
    return <p class="notice">Nothing in the log has this correlation id, or it is kept no more.</p>
  }
  const tookMs = msBetween(first, last)
  const services = new Set(events.map(({ source }) => source))
  return (
    <>
      <p class="soft follow-summary">
        {events.length === 1 ? 'One step' : `${events.length} steps`} in{' '}
        {services.size === 1 ? 'one service' : `${services.size} services`}
        {events.length > 1 && tookMs >= 0 && `, ${duration(tookMs)} from the first to the last`}.
      </p>
      {isMore && (
        <p class="notice" id="follow-more">
          There are more. These are the newest {events.length}; the log has all of them.
        </p>
      )}
      <ol class="steps">
        {events.map((event, index) => {
          const before = events[index - 1]
          const why = whyItHappened(event)
          return (
            <li key={event.id} class={`tone-${toneOf(event.type)}`}>
              <Gap before={before} event={event} isFirst={!isMore} />
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

/** The log has the order; the times are those of the services' own clocks. */
function Gap({
  before,
  event,
  isFirst,
}: {
  readonly before: CurfewEvent | undefined
  readonly event: CurfewEvent
  readonly isFirst: boolean
}) {
  if (before === undefined) return <span class="step-gap">{isFirst ? 'start' : '…'}</span>
  const ms = msBetween(before, event)
  if (!(ms < 0)) return <span class="step-gap">+{duration(ms)}</span>
  return (
    <span class="step-gap" title="The clocks of the two services differ.">
      −{duration(-ms)}
    </span>
  )
}

const msBetween = (a: CurfewEvent, b: CurfewEvent) => Date.parse(b.time) - Date.parse(a.time)
