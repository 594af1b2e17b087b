import type { CurfewEvent, OtherFacts } from '@curfew/contract'
import { deviceName } from '@curfew/service/browser/device-name'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { whatHappened, whoDidIt, whyItHappened } from '../../src/event-words.js'
import type { Answer } from '../ask.js'
import type { FilterName } from '../log/log-filter.js'
import { findEvent } from '../log/log-pages.js'
import { follow, log, open, setFilter } from '../log/log-state.js'
import { wholeMoment } from '../moments.js'
import { userPath } from '../place.js'
import { createRest } from '../rest.js'
import { CopyButton } from './copy-button.js'
import { toneOf } from './tones.js'

/** A receipt leads here before the log may have its event. */
const LOOK_AGAIN_MS = [200, 400, 800, 1_600]

/** One event, with everything about it. */
export function OneEvent({ id }: { readonly id: string }) {
  const answer = useEvent(id)
  if (answer === null) return <p role="status">Loading…</p>
  if (!answer.ok || answer.body === undefined) {
    return (
      <p class="notice warn" role="alert">
        {answer.ok ? 'There is no such event in the log, or it is kept no more.' : answer.detail}
      </p>
    )
  }
  return <Shown event={answer.body} />
}

/** Of the list, where it is there; else from the service. */
function useEvent(id: string): Answer<CurfewEvent | undefined> | null {
  const line = log.lines.value.find(({ event }) => event.id === id)
  const [found, setFound] = useState<{
    readonly id: string
    readonly answer: Answer<CurfewEvent | undefined>
  } | null>(null)
  // The list may be emptied under it.
  const seen = useRef<CurfewEvent | undefined>(undefined)
  if (line !== undefined) seen.current = line.event
  const event = seen.current?.id === id ? seen.current : undefined
  const isHere = event !== undefined
  useEffect(() => {
    if (isHere) return
    let timer: ReturnType<typeof setTimeout> | undefined
    let isWanted = true
    let looks = 0
    const rest = createRest(() => void look())
    async function look(): Promise<void> {
      const answer = await findEvent(id)
      if (!isWanted) return
      const waitMs = answer.ok && answer.body === undefined ? LOOK_AGAIN_MS[looks++] : undefined
      if (waitMs !== undefined) timer = setTimeout(look, waitMs)
      else setFound({ id, answer })
      if (!answer.ok && !answer.isBadInput) rest.begin()
    }
    void look()
    return () => {
      isWanted = false
      rest.end()
      clearTimeout(timer)
    }
  }, [id, isHere])
  if (event !== undefined) return { ok: true, body: event, location: null }
  return found?.id === id ? found.answer : null
}

function Shown({ event }: { readonly event: CurfewEvent }) {
  const { type, data } = event
  const { correlationId, before, after } = data
  const why = whyItHappened(event)
  const json = JSON.stringify(event, null, 2)
  return (
    <>
      <p class={`event-head tone-${toneOf(type)}`}>
        <span class="log-type">{type}</span>
      </p>
      <p class="event-sentence">
        <strong>{whoDidIt(event)}</strong> {whatHappened(event)}
        {why !== undefined && <span class="soft"> · {why}</span>}
      </p>
      <p class="actions">
        {correlationId !== undefined && (
          <button type="button" class="primary small" id="event-follow" onClick={() => follow(correlationId)}>
            Follow this request
          </button>
        )}
        <Step by={-1} event={event} label="Newer" />
        <Step by={1} event={event} label="Older" />
      </p>
      {(before !== undefined || after !== undefined) && (
        <div class="change">
          <del>{before ?? '–'}</del> <span aria-hidden="true">→</span> <ins>{after ?? '–'}</ins>
        </div>
      )}
      <Facts event={event} />
      <section class="raw">
        <header>
          <h3>JSON</h3>
          <CopyButton text={json} what="the event as JSON" />
        </header>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it may scroll, and has to be reached by the keyboard */}
        <pre id="event-json" tabIndex={0}>
          {json}
        </pre>
      </section>
    </>
  )
}

/** The one before or after in the list. */
function Step({
  by,
  event,
  label,
}: {
  readonly by: number
  readonly event: CurfewEvent
  readonly label: string
}) {
  const lines = log.lines.value
  const at = lines.findIndex((line) => line.event.id === event.id)
  const other = at === -1 ? undefined : lines[at + by]
  return (
    <button
      type="button"
      class="small"
      // Not disabled: whoever comes to the end by the keyboard would lose their place.
      aria-disabled={other === undefined}
      onClick={() => other && open(other.event.id)}
    >
      {label}
    </button>
  )
}

/** Every fact. Those that lead to others narrow the log to them. */
function Facts({ event }: { readonly event: CurfewEvent }) {
  const { id, type, time, source, subject, sequence, data } = event
  const {
    actor,
    actorName,
    subjectName,
    ref,
    ip,
    reason,
    userAgent,
    correlationId,
    before,
    after,
    ...others
  } = data
  return (
    <dl class="event-facts">
      <Fact name="When">{wholeMoment(time)}</Fact>
      <Fact name="About">
        {subject && (
          <>
            {subjectName && <a href={userPath(subject)}>{subjectName}</a>}{' '}
            <Narrow to="user" value={subject} />
          </>
        )}
      </Fact>
      <Fact name="Done by">
        {actor && (
          <>
            {actor === 'system' ? 'Curfew itself ' : actorName && `${actorName} `}
            <Narrow to="actor" value={actor} />
          </>
        )}
      </Fact>
      <Fact name="Reason">{reason && <Narrow to="reason" value={reason} />}</Fact>
      <Fact name="Address">{ip && <Narrow to="ip" value={ip} />}</Fact>
      <Fact name="Device">
        {userAgent && (
          <>
            {deviceName(userAgent)}
            <small>{userAgent}</small>
          </>
        )}
      </Fact>
      <Fact name="Session">{ref && <Narrow to="ref" value={ref} />}</Fact>
      <Fact name="Request">{correlationId && <Narrow to="correlation_id" value={correlationId} />}</Fact>
      <Fact name="Before">{before}</Fact>
      <Fact name="After">{after}</Fact>
      {Object.entries(others).map(([name, value]) => (
        <Fact key={name} name={NAMES.get(name) ?? name}>
          {value === null || value === undefined ? undefined : shown(name, String(value))}
        </Fact>
      ))}
      <Fact name="Written by">
        <Narrow to="service" value={source.slice(1)} />
      </Fact>
      <Fact name="Sign-off">{sequence === undefined ? undefined : `no. ${sequence}`}</Fact>
      <Fact name="Type">
        <Narrow to="type" value={type} />
      </Fact>
      <Fact name="Event">
        <span class="mono">{id}</span>
      </Fact>
    </dl>
  )
}

function shown(name: string, value: string): ComponentChildren {
  if (name === 'blockedAt' || name === 'keptSince') return wholeMoment(value)
  if (name === 'blockedBy') return <Narrow to="actor" value={value} />
  return value
}

/** Left out where there is nothing to say. */
function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  if (children === undefined || children === null || children === '' || children === false) return null
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}

function Narrow({ to, value }: { readonly to: FilterName; readonly value: string }) {
  return (
    <button
      type="button"
      class="narrow mono"
      data-narrow={to}
      title="Show only what has this in the log"
      onClick={() => setFilter({ [to]: value })}
    >
      {value}
    </button>
  )
}

const WORDS: Readonly<Record<keyof OtherFacts | 'provider', string>> = {
  provider: 'Provider',
  project: 'Project',
  name: 'Name',
  field: 'Field',
  roles: 'Roles',
  isFirst: 'First login',
  signOff: 'Confirmed',
  eventId: 'Its event',
  sequence: 'Its sign-off',
  sessions: 'Sessions',
  tookMs: 'Took, in ms',
  applied: 'Applied by',
  lapsed: 'Lapsed at',
  hooksFailed: 'Hooks failed',
  blockedAt: 'Blocked since',
  blockedBy: 'Blocked by',
  blockReason: 'Reason of the block',
  recordedAgain: 'Recorded again',
  instance: 'Instance',
  service: 'Service',
  entries: 'Entries',
  keptSince: 'Kept since',
  format: 'Format',
  filter: 'Filter',
}

/** A newer version may say what this one has no word for. */
const NAMES: ReadonlyMap<string, string> = new Map(Object.entries(WORDS))
