import type { ListedInstance } from '@curfew/contract'
import { useEffect, useState } from 'preact/hooks'

/** A lease is shown so often while it runs out. */
const TICK_MS = 100

export interface InstanceRowProps {
  readonly instance: ListedInstance
  /** When identity said so, by this page's clock that never jumps. Milliseconds. */
  readonly at: number
  /** It will be asked again. */
  readonly isLive: boolean
}

/** One line of the table of instances. */
export function InstanceRow({ instance, at, isLive }: InstanceRowProps) {
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
        <Lease instance={instance} at={at} isLive={isLive} />
      </td>
    </tr>
  )
}

/** It runs out only for as long as somebody would tell that it was renewed. */
function Lease({ instance, at, isLive }: InstanceRowProps) {
  const { id, leaseLeftMs, leaseMs } = instance
  const [now, setNow] = useState(at)
  useEffect(() => {
    if (!isLive) return
    const timer = setInterval(() => setNow(performance.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [isLive])
  const leftMs = Math.max(0, leaseLeftMs - Math.max(0, now - at))
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
