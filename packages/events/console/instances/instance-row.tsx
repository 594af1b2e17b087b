import type { ListedInstance } from '@curfew/contract'
import type { ReadonlySignal } from '@preact/signals'

export interface InstanceRowProps {
  readonly instance: ListedInstance
  /** When identity said so, by this page's clock that never jumps. Milliseconds. */
  readonly at: number
  /** The same clock, which ticks while leases run out. */
  readonly now: ReadonlySignal<number>
}

/** One line of the table of instances. */
export function InstanceRow({ instance, at, now }: InstanceRowProps) {
  const { id, service, version, state, acknowledged, lag } = instance
  const { words, tone, title } = STATES[state]
  return (
    <tr>
      {/* On a narrow screen each cell says what it is. */}
      <td data-label="Instance">
        <span class="mono">{id}</span>
      </td>
      <td data-label="Service">
        <a href={`/console?service=${encodeURIComponent(service)}`} title="What it has written in the log">
          {service}
        </a>
      </td>
      <td data-label="Version">
        <span class="mono">{version ?? '–'}</span>
      </td>
      <td data-label="State">
        <span class={`badge ${tone}`} title={title}>
          {words}
        </span>
      </td>
      <td data-label="Has applied">
        <span>
          {lag === null || acknowledged === 0 ? '–' : `no. ${acknowledged}`}{' '}
          {lag !== null && lag > 0 && <span class="badge warn">{lag} behind</span>}
        </span>
      </td>
      <td data-label="Lease left">
        <Lease instance={instance} at={at} now={now} />
      </td>
    </tr>
  )
}

/** The only part of a row that is drawn anew with each tick. */
function Lease({ instance, at, now }: InstanceRowProps) {
  const { id, leaseLeftMs, leaseMs } = instance
  const leftMs = Math.max(0, leaseLeftMs - Math.max(0, now.value - at))
  return (
    <span class="lease">
      <progress max={leaseMs} value={leftMs} aria-label={`Lease of ${id}`} />
      <span class="soft">{leftMs === 0 ? 'none' : `${(leftMs / 1_000).toFixed(1)} s`}</span>
    </span>
  )
}

const STATES = {
  following: { words: 'following', tone: 'ok', title: 'It may answer from memory.' },
  lapsed: { words: 'lapsed', tone: 'warn', title: 'It has no lease, so it answers nobody from memory.' },
  'other-history': {
    words: 'to join',
    tone: 'info',
    title: 'It follows a history that Redis does not have any more, and has yet to join this one.',
  },
}
