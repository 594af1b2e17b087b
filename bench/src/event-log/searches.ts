import type { StoreQuery } from '@curfew/events/dist/store/log-store.js'
import { eventOf, momentOf } from './many-events.js'

/** One way to search. */
export interface Search {
  readonly name: string
  queryFor(events: number, attempt: number): Omit<StoreQuery, 'limit'> & { readonly limit?: number }
}

/** An event somewhere in the log, another one for each attempt. */
const somewhere = (events: number, attempt: number) => 1 + ((attempt * 104_729 + 7) % events)
/** One that has everything: somebody signed in. */
const someLogin = (events: number, attempt: number) => {
  const n = somewhere(events, attempt)
  return eventOf(Math.max(5, n - (n % 5)))
}
const byData = (name: 'ref' | 'ip' | 'correlationId') => (events: number, attempt: number) => ({
  filter: { [name]: someLogin(events, attempt).data[name] },
})

export const searches: readonly Search[] = [
  { name: 'no filter, the newest', queryFor: () => ({ filter: {} }) },
  {
    name: 'no filter, from somewhere',
    queryFor: (events, attempt) => ({ filter: {}, before: somewhere(events, attempt) }),
  },
  {
    name: 'user',
    queryFor: (events, attempt) => ({ filter: { user: String(someLogin(events, attempt).subject) } }),
  },
  { name: 'actor `system`', queryFor: () => ({ filter: { actor: 'system' } }) },
  {
    name: 'actor who did little',
    queryFor: (events, attempt) => ({ filter: { actor: String(someLogin(events, attempt).data.actor) } }),
  },
  { name: 'ref', queryFor: byData('ref') },
  { name: 'ip', queryFor: byData('ip') },
  { name: 'correlationId', queryFor: byData('correlationId') },
  { name: 'service', queryFor: () => ({ filter: { service: 'projects' } }) },
  { name: 'reason, common', queryFor: () => ({ filter: { reason: 'idle' } }) },
  {
    name: 'reason, rare',
    queryFor: (events) => ({ filter: { reason: `Laptop ${events - (events % 2_000)} was lost` } }),
  },
  { name: 'a type, common', queryFor: () => ({ filter: { types: ['session.expired'] } }) },
  { name: 'a type, rare', queryFor: () => ({ filter: { types: ['user.blocked'] } }) },
  { name: 'a type that never happened', queryFor: () => ({ filter: { types: ['everyone.logged-out'] } }) },
  { name: '`session.*` and `user.*`', queryFor: () => ({ filter: { types: ['session.*', 'user.*'] } }) },
  {
    name: 'an hour, long ago',
    queryFor: (events, attempt) => {
      const from = momentOf(somewhere(events, attempt))
      return { filter: { from, to: from + 60 * 60_000 } }
    },
  },
  {
    name: 'a user and a type',
    queryFor: (events, attempt) => ({
      filter: { user: String(someLogin(events, attempt).subject), types: ['project.*'] },
    }),
  },
  {
    name: 'two common ones that never meet',
    queryFor: () => ({ filter: { actor: 'system', service: 'projects' } }),
  },
  { name: 'text, a common word', queryFor: () => ({ filter: { text: 'chrome' } }) },
  {
    name: 'text, a common word, from somewhere',
    queryFor: (events, attempt) => ({ filter: { text: 'chrome' }, before: somewhere(events, attempt) }),
  },
  { name: 'text, two common words', queryFor: () => ({ filter: { text: 'renamed safari' } }) },
  { name: 'text, a rare word', queryFor: (events) => ({ filter: { text: `${events - (events % 2_000)}` } }) },
  {
    name: 'text, somebody’s name',
    queryFor: (events, attempt) => ({
      filter: { text: String(someLogin(events, attempt).data.subjectName) },
    }),
  },
  { name: 'text, a part of an address', queryFor: () => ({ filter: { text: '10.3.' } }) },
  {
    name: 'text, an id',
    queryFor: (events, attempt) => ({ filter: { text: someLogin(events, attempt).id } }),
  },
  { name: 'text, nowhere', queryFor: () => ({ filter: { text: 'zebra' } }) },
  { name: 'text, two letters, nowhere', queryFor: () => ({ filter: { text: 'zä' } }) },
]
