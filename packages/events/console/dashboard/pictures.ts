import { duration } from '../../src/duration.js'
import { OTHER_REASONS } from '../../src/figures/largest.js'
import type { Figures, Numbers } from './figures-api.js'

/** One picture of the dashboard: what is drawn, and how it is said. */
export interface Picture {
  readonly id: string
  readonly title: string
  /** What it is a picture of, in a sentence. */
  readonly about: string
  readonly kind: 'bars' | 'lines'
  /** Each line of the grid is ten times the one below: what is rare and long does not flatten the rest. */
  readonly isLogarithmic?: boolean
  readonly series: readonly Series[]
  /** A number as a person reads it. */
  readonly say: (value: number) => string
}

export interface Series {
  readonly label: string
  /** A colour of the stylesheet. */
  readonly colour: string
  readonly values: Numbers
  /** In one number: of the whole time that is shown. */
  readonly whole: number | null
}

export function picturesOf({ logins, signOffs, failures, confirmation, activeSessions }: Figures): Picture[] {
  const { p50Ms, p99Ms, total } = confirmation
  return [
    {
      id: 'logins',
      title: 'Logins',
      about: 'How many people finished signing in.',
      kind: 'bars',
      series: [{ label: 'logins', colour: '--chart-1', values: logins, whole: sum(logins) }],
      say: whole,
    },
    {
      id: 'active',
      title: 'Active sessions',
      about: 'The most sessions that were open in each step, counted once a minute.',
      kind: 'lines',
      series: [
        {
          label: 'sessions',
          colour: '--chart-1',
          values: activeSessions,
          whole: activeSessions.findLast((value) => value !== null) ?? null,
        },
      ],
      say: whole,
    },
    {
      id: 'sign-offs',
      title: 'Sign-offs by reason',
      about: 'How many sessions and users were signed off, and why.',
      kind: 'bars',
      series: seriesOf(signOffs),
      say: whole,
    },
    {
      id: 'confirmation',
      title: 'Until a sign-off is confirmed',
      about:
        'From the decision until no instance serves it. p50: half were quicker; p99: all but one in a hundred.',
      kind: 'lines',
      isLogarithmic: true,
      series: [
        { label: 'p50', colour: '--chart-1', values: p50Ms, whole: total.p50Ms },
        { label: 'p99', colour: '--chart-2', values: p99Ms, whole: total.p99Ms },
      ],
      say: duration,
    },
    {
      id: 'failures',
      title: 'Failures',
      about: 'What went wrong, by type of event.',
      kind: 'bars',
      series: seriesOf(failures, RED_FIRST),
      say: whole,
    },
  ]
}

const COLOURS = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => `--chart-${number}`)
const RED_FIRST = [4, 2, 5, 6, 1, 3, 7, 8, 9].map((number) => `--chart-${number}`)

/** The most frequent first, and last what stands for many. */
function seriesOf(byName: Readonly<Record<string, Numbers>>, colours = COLOURS): Series[] {
  return Object.entries(byName)
    .map(([label, values]) => ({ label, values, whole: sum(values) }))
    .filter(({ whole }, index) => whole > 0 || index === 0)
    .sort(
      (a, b) => Number(a.label === OTHER_REASONS) - Number(b.label === OTHER_REASONS) || b.whole - a.whole,
    )
    .map((series, index) => ({
      ...series,
      colour: colours[Math.min(index, colours.length - 1)] ?? '--chart-1',
    }))
}

const sum = (values: Numbers) => values.reduce<number>((total, value) => total + (value ?? 0), 0)

const whole = (value: number) => Math.round(value).toLocaleString('en')
