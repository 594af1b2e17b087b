import { signal } from '@preact/signals'

/** Ticks for what says how long ago something was. */
const now = signal(Date.now())
setInterval(() => {
  if (!document.hidden) now.value = Date.now()
}, 15_000)

/**
 * A time of day, with the date where it is another day. The whole of it shows on hovering.
 * Here as everywhere below, what is no time is shown as it is.
 */
export function Moment({ at }: { readonly at: string | number }) {
  const date = new Date(at)
  if (!isTime(date)) return <span>{at}</span>
  const isToday = dayOf(date) === dayOf(Date.now())
  const isThisYear = date.getFullYear() === new Date().getFullYear()
  return <Time at={date} shown={(isToday ? MINUTE : isThisYear ? DAY_AND_MINUTE : DAY).format(date)} />
}

/** How long ago: “3 minutes ago”. It goes on while the page is open. */
export function Ago({ at }: { readonly at: number }) {
  const date = new Date(at)
  if (!isTime(date)) return <span>{at}</span>
  return <Time at={date} shown={agoInWords(at - now.value)} />
}

/** To the millisecond, with the date where it is another day: for a column of a list. */
export function timeInList(at: string): string {
  const date = new Date(at)
  if (!isTime(date)) return at
  const time = MILLISECOND.format(date)
  return isToday(date) ? time : `${SHORT_DAY.format(date)} ${time}`
}

/** The day, as it is where the page is read: equal texts are the same day. */
function dayOf(at: string | number | Date): string {
  const date = new Date(at)
  return isTime(date) ? DAY.format(date) : String(at)
}

/** To the millisecond and with the zone, for those who compare. */
export function wholeMoment(at: string | number): string {
  const date = new Date(at)
  return isTime(date) ? WHOLE.format(date) : String(at)
}

/** As a field for a local time wants it. */
export function localInput(at: number): string {
  const date = new Date(at)
  return new Date(at - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}

function Time({ at, shown }: { readonly at: Date; readonly shown: string }) {
  return (
    <time dateTime={at.toISOString()} title={WHOLE.format(at)}>
      {shown}
    </time>
  )
}

const isTime = (date: Date) => !Number.isNaN(date.getTime())

/** Asked for every line of the log: as cheap as can be. */
function isToday(date: Date): boolean {
  const today = new Date()
  return date.getDate() === today.getDate() && Math.abs(today.getTime() - date.getTime()) < 86_400_000
}

function agoInWords(milliseconds: number): string {
  const seconds = Math.min(0, milliseconds / 1000)
  if (seconds > -45) return 'just now'
  for (const [unit, length, most] of UNITS) {
    if (seconds / length > -most) return RELATIVE.format(Math.min(-1, Math.round(seconds / length)), unit)
  }
  return dayOf(Date.now() + milliseconds)
}

const UNITS = [
  ['minute', 60, 59.5],
  ['hour', 3_600, 23.5],
  ['day', 86_400, 30],
] as const

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
const SHORT_DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const MINUTE = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' })
const DAY_AND_MINUTE = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})
const MILLISECOND = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
})
const RELATIVE = new Intl.RelativeTimeFormat('en-GB')
const WHOLE = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  timeZoneName: 'short',
})
