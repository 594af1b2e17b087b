/**
 * Fills “What happened lately” of the page `/account`: from the event log, page by page, and again while one looks
 * at it. Everything else on that page works without a script.
 */
import type { OwnEvent, OwnEvents } from '@curfew/contract'
import { addressName } from './address-name.js'
import { newerEvents } from './newer-events.js'
import { toneOf, whatHappened } from './what-happened.js'

const list = find('#history-list', HTMLOListElement)
const status = find('#history-status', HTMLElement)
const more = find('#history-more', HTMLButtonElement)

/** Often enough to see it happen; nobody is told here first, open pages hear of a sign-off at once. */
const LOOK_AGAIN_MS = 15_000

const providers: Readonly<Record<string, string>> = JSON.parse(list.dataset['providers'] ?? '{}')
const shown = new Set<string>()
let next: string | null = null

more.addEventListener('click', () => void showOlder())
document.addEventListener('visibilitychange', () => void showNewer())
setInterval(() => void showNewer(), LOOK_AGAIN_MS)
void begin()

async function begin(): Promise<void> {
  const page = await ask(null)
  if (page === null) {
    status.textContent = 'What happened can’t be shown right now. It is tried again by itself.'
    return
  }
  beginWith(page)
  status.textContent = list.children.length === 0 ? 'Nothing is known yet.' : ''
}

/** Two that were asked for at once show the same. */
function beginWith(page: OwnEvents): void {
  shown.clear()
  next = page.next
  list.replaceChildren(...page.events.map(row))
  more.hidden = next === null
}

async function showNewer(): Promise<void> {
  if (document.visibilityState !== 'visible') return
  if (list.children.length === 0) return begin()
  const page = await ask(null)
  if (page === null) return
  const { fresh, adjoins } = newerEvents(page.events, shown)
  if (fresh.length === 0) return
  if (adjoins) list.prepend(...fresh.map(row))
  else beginWith(page)
  status.textContent = adjoins
    ? `${fresh.length === 1 ? 'One more has' : `${fresh.length} more have`} come in.`
    : 'Many more have come in. The list begins anew.'
}

async function showOlder(): Promise<void> {
  more.disabled = true
  const before = next
  const page = await ask(before)
  more.disabled = false
  // The list began anew meanwhile.
  if (next !== before) return
  if (page === null) {
    status.textContent = 'What was before can’t be shown right now. Try again.'
    return
  }
  const rows = page.events.filter(({ id }) => !shown.has(id)).map(row)
  next = page.next
  list.append(...rows)
  more.hidden = next === null
  status.textContent = next === null ? 'That is all.' : ''
  rows[0]?.focus()
}

/** Null when it can't be had now. */
async function ask(before: string | null): Promise<OwnEvents | null> {
  try {
    const address = before === null ? '/events/mine' : `/events/mine?before=${before}`
    const answer = await fetch(address, { headers: { Accept: 'application/json' }, cache: 'no-store' })
    return answer.ok ? await answer.json() : null
  } catch (error) {
    // A network that is gone.
    if (error instanceof TypeError) return null
    throw error
  }
}

function row(event: OwnEvent): HTMLLIElement {
  shown.add(event.id)
  const item = document.createElement('li')
  item.className = `history-entry ${toneOf(event)}`
  item.tabIndex = -1
  const time = element('time', 'history-time', MOMENT.format(new Date(event.time)))
  time.dateTime = event.time
  time.title = WHOLE.format(new Date(event.time))
  item.append(element('p', 'history-what', whatHappened(event, providers)))
  const where = whereFrom(event)
  if (where !== '') item.append(element('p', 'history-where', where))
  item.append(time)
  return item
}

function whereFrom({ device, ip }: OwnEvent): string {
  return [device, ip === undefined ? undefined : addressName(ip)].filter(Boolean).join(' · ')
}

function element<Name extends 'p' | 'time'>(name: Name, className: string, text: string) {
  const made = document.createElement(name)
  made.className = className
  made.textContent = text
  return made
}

function find<Kind extends HTMLElement>(selector: string, kind: new () => Kind): Kind {
  const found = document.querySelector(selector)
  if (!(found instanceof kind)) throw new TypeError(`the page has no ${selector}`)
  return found
}

const MOMENT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })
const WHOLE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' })
