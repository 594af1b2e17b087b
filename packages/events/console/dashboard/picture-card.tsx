import { useState } from 'preact/hooks'
import { wholeMoment } from '../moments.js'
import { Chart } from './chart.js'
import type { Picture } from './pictures.js'

interface PictureCardProps {
  readonly picture: Picture
  readonly at: readonly number[]
  readonly stepSeconds: number
}

/** A picture, what its colours mean, and the same as a table. */
export function PictureCard({ picture, at, stepSeconds }: PictureCardProps) {
  const [step, setStep] = useState<number | null>(null)
  const { id, title, about, series, say } = picture
  const pointed = step === null ? undefined : at[step]
  const hasNothing = series.every(({ values }) => values.every((value) => value === null || value === 0))
  return (
    <section class={`card picture picture-${id}`} aria-labelledby={`picture-${id}`}>
      <h2 id={`picture-${id}`}>{title}</h2>
      <p class="picture-about">{pointed === undefined ? about : wholeMoment(pointed * 1_000)}</p>
      {hasNothing ? (
        <p class="picture-nothing">Nothing in this time.</p>
      ) : (
        <Chart picture={picture} at={at} stepSeconds={stepSeconds} onPoint={setStep} />
      )}
      {!hasNothing && (
        <ul class="legend" aria-label={`${title}, in all`}>
          {series.map(({ label, colour, values, whole }) => {
            const value = step === null ? whole : (values[step] ?? null)
            return (
              <li key={label} class={`colour${colour.slice('--chart'.length)}`}>
                {label} <strong>{value === null ? '–' : say(value)}</strong>
              </li>
            )
          })}
        </ul>
      )}
      {!hasNothing && <PictureTable picture={picture} at={at} />}
    </section>
  )
}

/** The steps in which something was, in numbers. */
function PictureTable({ picture: { title, series, say }, at }: Omit<PictureCardProps, 'stepSeconds'>) {
  const [isOpen, setOpen] = useState(false)
  const steps = at
    .map((seconds, index) => ({ seconds, values: series.map(({ values }) => values[index] ?? null) }))
    .filter(({ values }) => values.some((value) => value !== null && value !== 0))
  return (
    <details class="picture-table" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>As a table</summary>
      {isOpen && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
        <section class="table-wrap" tabIndex={0} aria-label={`${title}, as a table`}>
          <table>
            <thead>
              <tr>
                <th scope="col">From</th>
                {series.map(({ label }) => (
                  <th key={label} scope="col" class="number">
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {steps.map(({ seconds, values }) => (
                <tr key={seconds}>
                  <th scope="row">{FROM.format(new Date(seconds * 1_000))}</th>
                  {values.map((value, index) => (
                    <td key={series[index]?.label} class="number">
                      {value === null ? '–' : say(value)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  )
}

const FROM = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})
