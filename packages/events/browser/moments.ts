import { element } from './element.js'

/** A time of day, with the date where it is another day. The whole of it shows on hovering. */
export function moment(at: string | number, now = Date.now()): HTMLTimeElement {
  const isToday = DAY.format(new Date(at)) === DAY.format(now)
  const shown = isToday
    ? TIME.format(new Date(at))
    : `${DAY.format(new Date(at))}, ${TIME.format(new Date(at))}`
  return timeElement(at, shown)
}

/** How long ago: “3 minutes ago”. */
export function ago(at: number, now = Date.now()): HTMLTimeElement {
  return timeElement(at, inWords(at - now))
}

/** To the millisecond, for those who compare. */
export function wholeMoment(at: string): string {
  return `${WHOLE.format(new Date(at))}.${String(new Date(at).getMilliseconds()).padStart(3, '0')}`
}

function timeElement(at: string | number, shown: string): HTMLTimeElement {
  const time = element('time', '', shown)
  time.dateTime = new Date(at).toISOString()
  time.title = WHOLE.format(new Date(at))
  return time
}

function inWords(milliseconds: number): string {
  const seconds = Math.min(0, milliseconds / 1000)
  if (seconds > -45) return 'just now'
  for (const [unit, length, most] of UNITS) {
    if (seconds / length > -most) return RELATIVE.format(Math.round(seconds / length), unit)
  }
  return DAY.format(Date.now() + milliseconds)
}

const UNITS = [
  ['minute', 60, 59.5],
  ['hour', 3_600, 23.5],
  ['day', 86_400, 30],
] as const

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
const TIME = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })
const WHOLE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' })
const RELATIVE = new Intl.RelativeTimeFormat('en-GB')
