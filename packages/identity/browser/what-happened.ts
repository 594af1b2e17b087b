import type { OwnEvent } from '@curfew/contract'

/*
 * An event on somebody's own account, in words to them. Nothing of the DOM and nothing of Node is in it.
 */

/** A sentence without its full stop. @param labels what people call the providers, by their ids */
export function whatHappened(event: OwnEvent, labels: Readonly<Record<string, string>>): string {
  const { type, by, reason, provider, field, before, after } = event
  const isYours = by === 'you'
  switch (type) {
    case 'session.created':
      return provider === undefined ? 'You signed in' : `You signed in with ${labelOf(provider, labels)}`
    case 'login.failed':
      return `A sign-in was refused: ${REFUSALS.get(reason ?? '') ?? 'the provider’s answer was not accepted'}`
    case 'session.revoked':
      if (!isYours)
        return by === 'admin' ? 'An admin ended one of your sessions' : 'One of your sessions was ended'
      return ENDINGS.get(reason ?? '') ?? 'You ended a session'
    case 'session.expired':
      return `A session ended by itself: ${reason === 'absolute' ? 'its longest time was reached' : 'unused for too long'}`
    case 'user.logged-out':
      if (!isYours)
        return by === 'admin' ? 'An admin signed you out everywhere' : 'You were signed out everywhere'
      return reason === 'others' ? 'You signed out all your other sessions' : 'You signed out everywhere'
    case 'everyone.logged-out':
      return 'Everybody was signed out, to be on the safe side after a failure'
    case 'user.blocked':
      return 'An admin blocked your account, and ended every session'
    case 'user.unblocked':
      return 'An admin unblocked your account'
    case 'user.changed':
      return `Your ${FIELDS.get(field ?? '') ?? 'profile'} changed at the provider: ${before || 'none'} → ${after || 'none'}`
    case 'log.exported':
      return 'You exported the event log'
    default:
      return 'Something happened on your account'
  }
}

/** What deserves a second look: it was not them, or did not succeed. */
export function toneOf({ type, by }: OwnEvent): 'danger' | 'warn' | 'ok' | 'plain' {
  if (type === 'login.failed' || type === 'user.blocked') return 'danger'
  if (type === 'session.created' || type === 'user.unblocked') return 'ok'
  return by === 'admin' || type === 'user.changed' || type === 'everyone.logged-out' ? 'warn' : 'plain'
}

function labelOf(provider: string, labels: Readonly<Record<string, string>>): string | undefined {
  return Object.hasOwn(labels, provider) ? labels[provider] : provider
}

const REFUSALS: ReadonlyMap<string, string> = new Map([
  ['user-blocked', 'your account is blocked'],
  ['login-superseded', 'you were signed out while it was under way'],
])

const ENDINGS: ReadonlyMap<string, string> = new Map([
  ['logged-out', 'You signed out'],
  ['revoked', 'You ended a session on another device'],
  ['replaced', 'You signed in anew, in place of an earlier session'],
])

const FIELDS: ReadonlyMap<string, string> = new Map([
  ['roles', 'roles'],
  ['name', 'name'],
  ['email', 'e-mail address'],
])
