import { element } from './element.js'
import type { ConsoleInstance } from './instances-api.js'

export interface InstanceRow {
  readonly root: HTMLTableRowElement
  update(instance: ConsoleInstance): void
}

/** One line of the table of instances, which changes in place. */
export function createInstanceRow({ id, service }: ConsoleInstance): InstanceRow {
  const badge = element('span', 'badge')
  const applied = element('span')
  const lag = element('span', 'soft')
  const lease = element('progress')
  const leaseWords = element('span', 'soft')
  const root = element(
    'tr',
    '',
    cell('Instance', element('span', 'mono', id)),
    cell('Service', service),
    cell('State', badge),
    cell('Has applied', applied, ' ', lag),
    cell('Lease', element('span', 'lease', lease, leaseWords)),
  )

  return {
    root,
    update({ state, acknowledged, lag: behind, leaseLeftMs, leaseMs }) {
      const { words, tone, title } = STATES[state]
      put(badge, words)
      badge.className = `badge ${tone}`
      badge.title = title
      put(applied, behind === null || acknowledged === 0 ? '–' : `no. ${acknowledged}`)
      put(lag, behind === null || behind === 0 ? '' : `${behind} behind`)
      lease.max = leaseMs
      lease.value = leaseLeftMs
      put(leaseWords, leaseLeftMs === 0 ? 'none' : `${(leaseLeftMs / 1_000).toFixed(1)} s`)
      lease.ariaLabel = `Lease of ${id}`
    },
  }
}

const STATES = {
  following: { words: 'following', tone: 'ok', title: 'It may answer from memory.' },
  lapsed: { words: 'lapsed', tone: 'warn', title: 'It has no lease, so it answers nobody from memory.' },
  'other-history': {
    words: 'to join',
    tone: 'info',
    title: 'It follows a history that Redis does not have any more, and has yet to join this one.',
  },
}

function cell(label: string, ...children: ReadonlyArray<Node | string>): HTMLTableCellElement {
  const made = element('td', '', ...children)
  // On a narrow screen each cell says what it is.
  made.dataset['label'] = label
  return made
}

function put(where: HTMLElement, text: string): void {
  if (where.textContent !== text) where.textContent = text
}
