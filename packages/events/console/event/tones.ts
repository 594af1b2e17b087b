import type { EventType } from '@curfew/contract'

export type Tone = 'ok' | 'warn' | 'danger' | 'info' | 'plain'

/** How an event looks. One of a type that only a newer version knows looks plain. */
export function toneOf(type: string): Tone {
  return BY_TYPE.get(type) ?? 'plain'
}

/** Red is for what somebody should look at. */
const TONES: Readonly<Record<EventType, Tone>> = {
  'login.failed': 'danger',
  'session.created': 'ok',
  'session.revoked': 'warn',
  'session.expired': 'plain',
  'user.logged-out': 'warn',
  'user.blocked': 'danger',
  'user.unblocked': 'ok',
  'everyone.logged-out': 'danger',
  'sign-off.confirmed': 'ok',
  'user.changed': 'info',
  'instance.joined': 'plain',
  'instance.left': 'plain',
  'instance.lost': 'warn',
  'history.opened': 'warn',
  'log.exported': 'info',
  'token.revoked': 'plain',
  'token.revocation-failed': 'danger',
  'project.created': 'info',
  'project.renamed': 'info',
  'project.archived': 'info',
  'project.restored': 'info',
  'project.deleted': 'info',
  'log.interrupted': 'danger',
  'log.pruned': 'plain',
}

const BY_TYPE = new Map<string, Tone>(Object.entries(TONES))

/** All types, by their noun: to choose from. */
export function typesByNoun(): [noun: string, types: string[]][] {
  const types = [...BY_TYPE.keys()]
  const nouns = new Set(types.map((type) => type.slice(0, type.indexOf('.'))))
  return [...nouns].map((noun) => [noun, types.filter((type) => type.startsWith(`${noun}.`))])
}
