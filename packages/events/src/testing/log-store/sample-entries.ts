import { EVENT_TYPES } from '@curfew/contract'
import fc from 'fast-check'
import type { EventFilter } from '../../event-filter.js'
import { type GivenEvent, givenEntry, START_MS } from './given-entries.js'

/** Few values, so that filters find something; and some that databases stumble over. */
const word = fc.constantFrom(
  'ada',
  'grace',
  'Grace',
  'mallory',
  '',
  'ÅDA',
  '10.0.0.1',
  'a"b',
  "it's",
  '%',
  '_',
  '\\',
  'x\u0000y',
  '\ud800',
  '😀',
  'İ',
  'ΟΔΟΣ',
)

/** Types that this version does not know. */
const NEWER_TYPES = ['session.lent', 'user.promoted', 'lamp.lit']

const arbitraryEvent: fc.Arbitrary<GivenEvent> = fc.record({
  type: fc.constantFrom(...EVENT_TYPES, ...NEWER_TYPES),
  source: fc.constantFrom('identity', 'projects', ''),
  subject: fc.option(word, { nil: null }),
  data: fc.record(
    {
      actor: fc.option(word, { nil: null }),
      subjectName: word,
      actorName: word,
      ref: word,
      reason: fc.constantFrom('idle', 'everywhere', 'Lost his laptop', 'x\u0000y'),
      ip: fc.constantFrom('203.0.113.7', '203.0.113.70', '2001:db8::1'),
      correlationId: word,
      name: word,
      count: fc.oneof(fc.integer(), fc.boolean(), fc.constant(null)),
    },
    { requiredKeys: ['actor'] },
  ),
})

const arbitraryText = fc
  .array(
    fc.oneof(
      word,
      fc.constantFrom(
        'session',
        'SIGNED',
        'ed',
        'e',
        '203.0.113',
        '.7',
        'ß',
        'unused for',
        'project',
        'öffnet',
        'u',
        '2027-03',
        '\udc00',
      ),
    ),
    { maxLength: 3 },
  )
  .map((words) => words.join(' '))

/** One event a minute, each up to a quarter of an hour before or after its turn. */
const MINUTE_MS = 60_000

/** Entries such as they come, the same for the same seed. */
export function sampleEntries(count: number, seed: number) {
  const jitter = fc.integer({ min: -15 * MINUTE_MS, max: 15 * MINUTE_MS })
  const sample = fc.sample(fc.tuple(arbitraryEvent, jitter), { numRuns: count, seed })
  return sample.map(([event, late], index) =>
    givenEntry(index + 1, { ...event, timeMs: START_MS + index * MINUTE_MS + late }),
  )
}

const moment = fc.integer({ min: -30, max: 530 }).map((minute) => START_MS + minute * MINUTE_MS)

const conditions = {
  types: fc.array(
    fc.constantFrom(
      'session.*',
      'user.*',
      'token.*',
      'project.*',
      'lamp.*',
      'none.*',
      ...EVENT_TYPES,
      ...NEWER_TYPES,
    ),
    { maxLength: 3 },
  ),
  user: word,
  ref: word,
  service: fc.constantFrom('identity', 'projects', '', 'x\u0000'),
  actor: word,
  ip: fc.constantFrom('203.0.113.7', '2001:db8::1', '203'),
  reason: fc.constantFrom('idle', 'x\u0000y', 'Lost his laptop'),
  correlationId: word,
  from: moment,
  to: moment,
  text: arbitraryText,
}

/** Few conditions at a time: with many, nothing is found and nothing is tested. */
export const arbitraryFilter: fc.Arbitrary<EventFilter> = fc
  .tuple(fc.record(conditions), fc.subarray(Object.keys(conditions), { maxLength: 3 }))
  .map(([filter, names]) =>
    Object.fromEntries(Object.entries(filter).filter(([name]) => names.includes(name))),
  )
