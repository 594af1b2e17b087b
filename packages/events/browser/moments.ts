import { element } from './element.js'

/** A time of day, with the date where it is another day. The whole of it shows on hovering. */
export function moment(at: string | number, now = Date.now()): HTMLTimeElement {
  const date = new Date(at)
  if (dayOf(date) === dayOf(now)) return timeElement(date, MINUTE.format(date))
  const isThisYear = date.getFullYear() === new Date(now).getFullYear()
  return timeElement(date, (isThisYear ? DAY_AND_MINUTE : DAY).format(date))
}

/** The time of day to the second, for a list that says the day in another way. */
export function timeOfDay(at: string): HTMLTimeElement {
  return timeElement(new Date(at), SECOND.format(new Date(at)))
}

/** How long ago: “3 minutes ago”. */
export function ago(at: number, now = Date.now()): HTMLTimeElement {
  return timeElement(new Date(at), inWords(at - now))
}

/** The day, as it is where the page is read: equal texts are the same day. */
export function dayOf(at: string | number | Date): string {
  return DAY.format(new Date(at))
}

/** To the millisecond, for those who compare. */
export function wholeMoment(at: string): string {
  return WHOLE.format(new Date(at))
}

function timeElement(at: Date, shown: string): HTMLTimeElement {
  const time = element('time', '', shown)
  time.dateTime = at.toISOString()
  time.title = WHOLE.format(at)
  return time
}

function inWords(milliseconds: number): string {
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
const MINUTE = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' })
const DAY_AND_MINUTE = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})
const SECOND = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })
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
