import type { Receipt } from '@curfew/contract'
import type { SignedOff } from '../sign-off/signed-off.js'

/** A receipt that all four instances have confirmed, unless wanted otherwise. */
export function givenReceipt(wanted: Partial<Receipt> = {}): Receipt {
  return {
    event: { id: 'event-1', type: 'user.logged-out', sequence: 1842 },
    sessions: 3,
    confirmed: true,
    tookMs: 2.3,
    boundMs: 5_100,
    instances: [
      { id: 'identity-1', service: 'identity', state: 'applied', ms: 0.4 },
      { id: 'projects-1', service: 'projects', state: 'applied', ms: 0.8 },
      { id: 'projects-2', service: 'projects', state: 'applied', ms: 0.9 },
      { id: 'events-1', service: 'events', state: 'applied', ms: 2.3 },
    ],
    ...wanted,
  }
}

/** A sign-off that stands as its receipt says, and stays so. */
export function givenSignedOff(receipt: Receipt): SignedOff {
  const { event, sessions } = receipt
  const { id: eventId, sequence, type } = event
  return {
    receipt: () => receipt,
    facts: () => ({
      recorded: { kind: 'recorded', history: 'history', sequence, sessions, eventId, members: [] },
      type,
      story: null,
      decidedAt: Date.now(),
    }),
    within: async () => receipt,
    onChange: () => undefined,
  }
}
