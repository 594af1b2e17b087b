import type { Instances } from '@curfew/contract'
import { type ReadonlySignal, useSignal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { log } from '../log/log-state.js'
import { InstanceRow } from './instance-row.js'
import { listInstances } from './instances-api.js'

/** Leases are renewed a little less often than that. */
const ASK_AGAIN_MS = 1_000

/** Leases are shown so often while they run out. */
const TICK_MS = 100

interface Looked {
  readonly last: Instances | null
  /** When that was, by this page's clock that never jumps. Milliseconds. */
  readonly at: number
  readonly trouble: string | null
}

/** Every instance that may answer from memory, with its lease and how far it has come: live. */
export function InstancesArea() {
  const looked = useInstances()
  const { last, at, trouble } = looked
  // They run out only for as long as somebody would tell that they were renewed.
  const now = useClock(trouble === null && log.connection.value !== 'over')
  return (
    <section id="instances-area" aria-label="Instances">
      <p class="instances-bar">
        <span id="instances-summary">{trouble ?? (last === null ? 'Loading…' : <Summary {...last} />)}</span>
        <State looked={looked} />
      </p>
      {last !== null && last.instances.length === 0 && (
        <p class="empty">No instance follows the sign-offs. Start a service that has a guard.</p>
      )}
      {last !== null && last.instances.length > 0 && (
        <div class="table-wrap stack" id="instances-wrap">
          <table>
            <thead>
              <tr>
                <th scope="col">Instance</th>
                <th scope="col">Service</th>
                <th scope="col">Version</th>
                <th scope="col">State</th>
                <th scope="col">Has applied</th>
                <th scope="col">Lease left</th>
              </tr>
            </thead>
            <tbody id="instances-list">
              {last.instances.map((instance) => (
                <InstanceRow key={instance.id} instance={instance} at={at} now={now} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function State({ looked: { last, trouble } }: { readonly looked: Looked }) {
  const [tone, words] =
    log.connection.value === 'over'
      ? ['danger', 'Stopped']
      : trouble !== null
        ? ['live warn', 'Not live']
        : ['live ok', last === null ? 'Connecting…' : 'Live']
  return (
    <span class={`badge ${tone}`} id="instances-state" role="status">
      {words}
    </span>
  )
}

function Summary({ history, head, boundMs }: Instances) {
  return (
    <>
      <strong title={`In the history ${history}`}>
        {head === 0 ? 'There was no sign-off yet.' : `Sign-off no. ${head} is the newest.`}
      </strong>{' '}
      An instance that stops answering serves nobody after {(boundMs / 1_000).toFixed(1)} s.
    </>
  )
}

/** Asks again and again while the page is in sight. */
function useInstances(): Looked {
  const [looked, setLooked] = useState<Looked>({ last: null, at: 0, trouble: null })
  useEffect(() => {
    let isShown = true
    let timer: ReturnType<typeof setTimeout> | undefined
    async function look(): Promise<void> {
      clearTimeout(timer)
      if (document.hidden || log.connection.value === 'over') return
      const answer = await listInstances()
      if (!isShown) return
      setLooked(({ last, at }) =>
        answer.ok
          ? { last: answer.body, at: performance.now(), trouble: null }
          : { last, at, trouble: answer.detail },
      )
      clearTimeout(timer)
      timer = setTimeout(look, ASK_AGAIN_MS)
    }
    const onVisible = () => void look()
    document.addEventListener('visibilitychange', onVisible)
    void look()
    return () => {
      isShown = false
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', onVisible)
    }
  }, [])
  return looked
}

/** This page's clock that never jumps, one for all leases. Milliseconds. */
function useClock(isRunning: boolean): ReadonlySignal<number> {
  const now = useSignal(performance.now())
  useEffect(() => {
    if (!isRunning) return
    const timer = setInterval(() => {
      if (!document.hidden) now.value = performance.now()
    }, TICK_MS)
    return () => clearInterval(timer)
  }, [now, isRunning])
  return now
}
