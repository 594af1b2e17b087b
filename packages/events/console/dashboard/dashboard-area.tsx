import { useEffect, useMemo, useState } from 'preact/hooks'
import { log } from '../log/log-state.js'
import { address, change } from '../place.js'
import { type Figures, getFigures } from './figures-api.js'
import { PictureCard } from './picture-card.js'
import { picturesOf } from './pictures.js'

const SPANS = [
  { name: 'hour', label: 'Hour', ms: 3_600_000 },
  { name: 'day', label: 'Day', ms: 86_400_000 },
  { name: 'week', label: 'Week', ms: 7 * 86_400_000 },
  { name: 'month', label: 'Month', ms: 30 * 86_400_000 },
] as const

const LOOK_AGAIN_MS = 15_000

/** What happened, in pictures. */
export default function DashboardArea() {
  const wanted = address.value.searchParams.get('over')
  const span = SPANS.find(({ name }) => name === wanted) ?? SPANS[1]
  const { figures, trouble } = useFigures(span.ms)
  const pictures = useMemo(() => (figures === null ? [] : picturesOf(figures)), [figures])
  const at = useMemo(() => figures?.at.map((time) => Date.parse(time) / 1_000) ?? [], [figures])
  return (
    <section class="dashboard-area" id="dashboard-area" aria-label="Dashboard">
      <div class="dashboard-bar">
        <p class="soft">
          {figures === null
            ? ''
            : `Each step is ${stepInWords(figures.stepSeconds)}. Point at a picture to read a step.`}
        </p>
        <fieldset class="tabs spans">
          <legend class="visually-hidden">Time that is shown</legend>
          {SPANS.map(({ name, label }) => (
            <button
              key={name}
              type="button"
              aria-pressed={name === span.name}
              onClick={() => change({ over: name }, { inPlace: true })}
            >
              {label}
            </button>
          ))}
        </fieldset>
      </div>
      {log.connection.value === 'over' && (
        <p class="notice warn" id="dashboard-stopped" role="status">
          Stopped: these numbers don’t go on. Reload to see newer ones.
        </p>
      )}
      {trouble !== null && (
        <p class="notice warn" role="alert">
          {trouble}
        </p>
      )}
      {figures === null && trouble === null && (
        <p class="log-note" role="status">
          Loading…
        </p>
      )}
      <div class="pictures">
        {figures !== null &&
          pictures.map((picture) => (
            <PictureCard key={picture.id} picture={picture} at={at} stepSeconds={figures.stepSeconds} />
          ))}
      </div>
    </section>
  )
}

interface Looked {
  /** Of how long a time. */
  readonly ms: number
  readonly figures: Figures | null
  readonly trouble: string | null
}

/** The figures of the last so many milliseconds, as long as the page is in sight. */
function useFigures(ms: number): Looked {
  const [shown, show] = useState<Looked>({ ms, figures: null, trouble: null })
  useEffect(() => {
    let isWanted = true
    let timer: ReturnType<typeof setTimeout> | undefined
    async function look(): Promise<void> {
      clearTimeout(timer)
      if (document.hidden || log.connection.value === 'over') return
      const to = new Date()
      const answer = await getFigures(new Date(to.getTime() - ms), to)
      if (!isWanted) return
      show((before) =>
        answer.ok
          ? { ms, figures: answer.body, trouble: null }
          : // Those of another time would be taken for those of this one.
            { ms, figures: before.ms === ms ? before.figures : null, trouble: answer.detail },
      )
      clearTimeout(timer)
      timer = setTimeout(look, LOOK_AGAIN_MS)
    }
    const onVisible = () => void look()
    document.addEventListener('visibilitychange', onVisible)
    void look()
    return () => {
      isWanted = false
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', onVisible)
    }
  }, [ms])
  return shown
}

function stepInWords(seconds: number): string {
  if (seconds < 120) return `${seconds} seconds`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} minutes`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} hours` : `${Math.round(seconds / 86_400)} days`
}
