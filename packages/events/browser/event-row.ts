import type { CurfewEvent, EventType } from '@curfew/contract'
import { deviceName } from './device-name.js'
import { element, fact } from './element.js'
import { whatHappened, whoDidIt, whyItHappened } from './event-words.js'
import { dayOf, timeOfDay, wholeMoment } from './moments.js'

/** One event as a line of the log, which opens into all that is known of it. */
export function eventRow(event: CurfewEvent): HTMLLIElement {
  const why = whyItHappened(event)
  const summary = element(
    'summary',
    '',
    timeOfDay(event.time),
    element('span', `badge event-type ${TONES[event.type]}`, event.type),
    element('span', 'event-what', element('strong', '', whoDidIt(event)), ` ${whatHappened(event)}`),
    why !== undefined && element('span', 'event-why', why),
  )
  const details = element('details', '', summary)
  // Most are never opened.
  details.addEventListener('toggle', () => details.append(allFacts(event)), { once: true })
  const row = element('li', '', details)
  row.dataset['id'] = event.id
  row.dataset['day'] = dayOf(event.time)
  return row
}

/**
 * Every fact of an event. Those that lead to others are buttons, which search the log for them: they carry
 * `data-search`.
 */
function allFacts({ id, type, time, source, subject, sequence, data }: CurfewEvent): HTMLElement {
  const { actor, actorName, subjectName, ref, userAgent, correlationId, ...others } = data
  return element(
    'dl',
    'facts event-facts',
    ...fact('About', subject && withName(subjectName, subject)),
    ...fact('Done by', actor && withName(actorName, actor)),
    ...fact('When', wholeMoment(time)),
    ...fact('Session', ref && searching(ref)),
    ...fact(
      'Device',
      userAgent && element('span', '', deviceName(userAgent), element('small', '', userAgent)),
    ),
    ...Object.entries(others).flatMap(([name, value]) => fact(NAMES[name] ?? name, textOf(value))),
    ...fact('Request', correlationId && searching(correlationId)),
    ...fact('Written by', source.slice(1)),
    ...fact('Sign-off number', sequence === undefined ? undefined : String(sequence)),
    ...fact('Type', element('code', '', type)),
    ...fact('Event', searching(id)),
  )
}

function withName(name: string | undefined, id: string): HTMLElement {
  return element('span', '', name && `${name} `, id === 'system' ? 'Curfew itself' : searching(id))
}

function searching(value: string): HTMLButtonElement {
  const button = element('button', 'search-for mono', value)
  button.type = 'button'
  button.title = 'Show everything with this in the log'
  button.dataset['search'] = value
  return button
}

const textOf = (value: unknown) => (value === null || value === undefined ? undefined : String(value))

const NAMES: Readonly<Record<string, string>> = {
  ip: 'Address',
  provider: 'Provider',
  reason: 'Reason',
  before: 'Before',
  after: 'After',
  project: 'Project',
}

const TONES: Readonly<Record<EventType, string>> = {
  'login.failed': 'danger',
  'session.created': 'ok',
  'session.revoked': 'warn',
  'session.expired': '',
  'user.logged-out': 'warn',
  'user.blocked': 'danger',
  'everyone.logged-out': 'danger',
  'user.unblocked': 'ok',
  'sign-off.confirmed': 'ok',
  'user.changed': 'info',
  'instance.joined': '',
  'instance.left': '',
  'instance.lost': 'warn',
  'history.opened': 'warn',
  'log.exported': 'info',
  'token.revoked': '',
  'token.revocation-failed': 'danger',
  'project.created': 'info',
  'project.renamed': 'info',
  'project.archived': 'info',
  'project.restored': 'info',
  'project.deleted': 'info',
  'log.interrupted': 'danger',
  'log.pruned': '',
}
