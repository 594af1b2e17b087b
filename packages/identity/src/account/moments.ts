import { type Html, html } from '@curfew/service'

/** A moment in words that need no time zone, with the exact one for who points at it and for programs. */
export function moment(epochMs: number, now: number): Html {
  const iso = new Date(epochMs).toISOString()
  return html`<time datetime="${iso}" title="${EXACT.format(epochMs)} UTC">${relativeWords(epochMs, now)}</time>`
}

/**
 * `5 minutes ago`, `in 12 hours`. What lies ahead is rounded up, so that nothing lasts longer than
 * it says.
 */
export function relativeWords(epochMs: number, now: number): string {
  const distance = epochMs - now
  const [unit, length] = UNITS.find(([, unitMs]) => Math.abs(distance) >= unitMs) ?? []
  if (unit === undefined || length === undefined) return distance > 0 ? 'within a minute' : 'just now'
  return RELATIVE.format(distance > 0 ? Math.ceil(distance / length) : Math.trunc(distance / length), unit)
}

/** A length of time in its largest unit that needs no fraction: `30 minutes`, `90 seconds`. */
export function lengthInWords(ms: number): string {
  const [unit, length] = UNITS.find(([, unitMs]) => ms >= unitMs && ms % unitMs === 0) ?? ['second', 1000]
  return new Intl.NumberFormat('en', { style: 'unit', unit, unitDisplay: 'long' }).format(
    Math.round(ms / length),
  )
}

/** What a sign-off took: `2.3 ms`, `412 ms`, `5.1 s`. */
export function tookWords(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

// Not numeric: 'auto': 25 hours ago need not be yesterday where the reader is.
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'always' })
const EXACT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'medium', timeZone: 'UTC' })
