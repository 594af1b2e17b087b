import type { follow } from '@curfew/guard/following'
import { LEASE_MS, TICK_MS } from './clock.js'
import { type Configuration, configuration } from './configurations.js'
import { type Rules, SHIPPED } from './rules.js'

/** Rules of which one is taken out, in a configuration that must show it. */
export interface Mutant {
  readonly name: string
  readonly configuration: Configuration
  readonly rules: Rules
  /** `survives`: nothing is broken without this rule. docs/model.md says why. */
  readonly fate: 'is found' | 'survives'
  /** Takes more than some seconds. */
  readonly isSlow: boolean
}

type Follow = typeof follow
type Input = Parameters<Follow>[1]
type HelloAnswered = Extract<Input, { type: 'hello-answered' }>
type Coordinate = Rules['coordinate']

const WHATEVER_THERE_IS = '*'
const ONE = configuration('one Redis')
const RESTARTS = configuration('Redis restarts')

export const MUTANTS: readonly Mutant[] = [
  mutant('no lease, and served all the same', ONE, { mayServe: () => true }),
  mutant('the lease runs from the answer', ONE, {
    follow: onHello((answer, now) => ({ ...answer, sentAt: now })),
  }),
  mutant('renewed without catching up', configuration('one Redis'), {
    follow: (state, input, now) =>
      SHIPPED.follow(
        state,
        input.type === 'hello-answered' && input.standing === 'renewed'
          ? { ...input, head: state.applied, missed: [] }
          : input,
        now,
      ),
  }),
  mutant('whatever is read is used', ONE, { judgeRead: () => 'use' }),
  mutant('acknowledged when heard', ONE, { acknowledgesWhenHeard: true }),
  mutant('a sign-off drops nothing', ONE, { drops: (what) => what !== 'sign-off' }),
  mutant('a new history empties nothing', RESTARTS, { drops: (what) => what === 'sign-off' }),
  mutant('a hole is applied over', configuration('one Redis, another sign-off'), {
    follow: (state, input, now) =>
      SHIPPED.follow(
        input.type === 'heard' && input.history === state.history
          ? { ...state, applied: Math.max(state.applied, input.signOff.sequence - 1) }
          : state,
        input,
        now,
      ),
  }),
  mutant('confirmed before it is durable', configuration('Redis crashes, and so does who knew'), {
    holders: () => 0,
  }),
  mutant(
    'waits for one replica of two',
    configuration('two replicas, and who knew restarts'),
    {
      holders: () => 1,
    },
    { isSlow: true },
  ),
  mutant('a table that is not settled is believed', configuration('two instances restart'), {
    coordinate: (state, input, now) => {
      const [next, effects] = SHIPPED.coordinate(state, input, now)
      const believed = [...next.pending].map(
        ([ticket, one]) => [ticket, { ...one, settledAt: Number.NEGATIVE_INFINITY }] as const,
      )
      return [{ ...next, pending: new Map(believed) }, effects]
    },
  }),
  mutant('a read is used without a lease', ONE, {
    judgeRead: (state, read, now, leaseMs) =>
      SHIPPED.judgeRead({ ...state, leasedAt: now }, read, now, leaseMs),
  }),
  mutant(
    'a read that was sent before memory was emptied is used',
    RESTARTS,
    {
      judgeRead: (state, read, now, leaseMs) =>
        SHIPPED.judgeRead(state, { ...read, flushesWhenSent: state.flushes }, now, leaseMs),
    },
    { fate: 'survives' },
  ),
  mutant('a read that a sign-off has overtaken is used', ONE, {
    judgeRead: (state, read, now, leaseMs) =>
      SHIPPED.judgeRead(state, { ...read, head: Math.max(read.head, state.applied) }, now, leaseMs),
  }),
  mutant('a lease without a wall clock', configuration('machine sleeps'), {
    mayServe: (state, now, leaseMs) =>
      SHIPPED.mayServe(state, { ...now, wallMs: state.leasedAt?.wallMs ?? now.wallMs }, leaseMs),
    judgeRead: (state, read, now, leaseMs) =>
      SHIPPED.judgeRead(state, read, { ...now, wallMs: state.leasedAt?.wallMs ?? now.wallMs }, leaseMs),
  }),
  mutant(
    'a hello that comes after its successor is taken',
    configuration('hellos stray'),
    {
      HELLO: (store, call, kind) => SHIPPED.HELLO(store, { ...call, isLate: false }, kind),
    },
    { fate: 'survives' },
  ),
  mutant(
    'who joins has acknowledged the head',
    ONE,
    {
      HELLO: (store, call, kind) => {
        const [next, reply] = SHIPPED.HELLO(store, call, kind)
        const isJoining = reply.answer !== 'late' && reply.answer.standing === 'joined'
        const members = next.members.map((row) =>
          isJoining && row.instance === call.instance ? { ...row, acknowledged: next.head } : row,
        )
        return [{ ...next, members }, reply]
      },
    },
    { fate: 'survives' },
  ),
  mutant('confirmed a tick before the bound', ONE, { coordinate: recordedEarlier }),
  mutant('the longest lease is not heeded', configuration('longer lease'), {
    coordinate: (state, input, now) =>
      SHIPPED.coordinate(
        state,
        input.type === 'recorded'
          ? {
              ...input,
              recorded: {
                ...input.recorded,
                members: input.recorded.members?.map((member) => ({ ...member, leaseMs: LEASE_MS })) ?? null,
              },
            }
          : input.type === 'witnessed'
            ? {
                ...input,
                rows: input.rows.map(
                  ([id, row]) => [id, row.replace(/"leaseMs":\d+/, `"leaseMs":${LEASE_MS}`)] as const,
                ),
              }
            : input,
        now,
      ),
  }),
  mutant('rows are dropped at first sight', configuration('rows are dropped'), {
    coordinate: (state, input, now) => {
      const [next, effects] = SHIPPED.coordinate(state, input, now)
      if (input.type !== 'witnessed') return [next, effects]
      return [next, [...effects, { type: 'drop', rows: input.rows }]]
    },
  }),
  mutant(
    'rows are dropped although they were renewed',
    configuration('rows are dropped'),
    {
      DROP_MEMBERS: (store, rows) => (rows.length === 0 ? store : { ...store, members: [] }),
    },
    { isSlow: true },
  ),
  mutant(
    'WAIT on a connection that wrote nothing',
    configuration('two replicas, and who knew restarts'),
    {
      trustsWaitWithoutWrite: true,
    },
    { isSlow: true },
  ),
  mutant('acknowledgements are published in any history', configuration('restored, late messages'), {
    ACKNOWLEDGE: () => true,
  }),
  mutant(
    'what was decided before it was settled is confirmed by the last word',
    configuration('two instances restart'),
    {
      coordinate: (state, input, now) =>
        SHIPPED.coordinate(
          state,
          input.type === 'recorded' ? { ...input, decidedAt: Number.POSITIVE_INFINITY } : input,
          now,
        ),
    },
  ),
  mutant(
    'what was not remembered in its turn is confirmed by the last word',
    configuration('restored, a block'),
    {
      coordinate: (state, input, now) =>
        SHIPPED.coordinate(
          state,
          input.type === 'remembered' && input.upTo !== null
            ? { ...input, upTo: { ...input.upTo, since: 0 } }
            : input,
          now,
        ),
    },
    { fate: 'survives' },
  ),
  mutant(
    'the last word counts though this process has not spoken',
    configuration('restored, a block'),
    {
      coordinate(state, input, now) {
        const [first] = state.pending.values().next().value?.members.keys() ?? []
        const [next, effects] = SHIPPED.coordinate({ ...state, self: first ?? state.self }, input, now)
        return [{ ...next, self: state.self }, effects]
      },
    },
    { fate: 'survives' },
  ),
  mutant('emptying memory takes back what was applied', configuration('restored, a message and a clock'), {
    follow(state, input, now) {
      const [next, effects] = SHIPPED.follow(state, input, now)
      const flushes = effects.some(({ type }) => type === 'flush')
      const isLate = input.type === 'hello-answered' && input.head < next.applied
      return [flushes && isLate ? { ...next, applied: input.head, unfinished: [] } : next, effects]
    },
  }),
  mutant('what its own guard has not applied is confirmed', configuration('restored, a block'), {
    coordinate: (state, input, now) => SHIPPED.coordinate(state, rememberingEverything(state, input), now),
  }),
  mutant(
    'what was asked before memory was emptied is believed after it',
    configuration('emptied, a block, wall clock is set'),
    {
      aFlushOutdatesLists: false,
    },
    { isSlow: true },
  ),
  mutant(
    'a user who is gone is not blocked again',
    configuration('emptied, a block'),
    {
      BLOCK: (store, call) => SHIPPED.BLOCK(store, { ...call, isAgain: false }),
    },
    { isSlow: true },
  ),
  mutant('whoever comes first opens an empty Redis', configuration('emptied, a block, a newcomer'), {
    HELLO: (store, call, kind) => {
      const opens = store.openedAt === null ? store.history : call.says.opens
      return SHIPPED.HELLO(store, { ...call, says: { ...call.says, opens } }, kind)
    },
  }),
  mutant(
    'a lease opens a history that its instance was not told of',
    configuration('emptied, a block, late messages'),
    {
      helloOf: (state, now, leaseMs) => {
        const hello = SHIPPED.helloOf(state, now, leaseMs)
        return SHIPPED.mayServe(state, now, leaseMs) ? { ...hello, opens: WHATEVER_THERE_IS } : hello
      },
      HELLO: (store, call, kind) => {
        const opens = call.says.opens === WHATEVER_THERE_IS ? store.history : call.says.opens
        return SHIPPED.HELLO(store, { ...call, says: { ...call.says, opens } }, kind)
      },
    },
    { isSlow: true },
  ),
  mutant(
    'everybody is signed off at once',
    configuration('emptied, a block, a newcomer'),
    {
      waitForOthersMs: () => 0,
    },
    { isSlow: true },
  ),
  mutant(
    'who has seen less signs everybody off',
    configuration('emptied, a block, a newcomer'),
    {
      END_EVERYONE: (store, call) =>
        SHIPPED.END_EVERYONE(store, { ...call, turn: call.turn === 'nobody' ? 'nobody' : 'anybody' }),
    },
    { isSlow: true },
  ),
  mutant(
    'who does not remember yet waits no longer',
    configuration('emptied, a block, one that has just joined'),
    {
      knowsWhatItRemembers: false,
    },
  ),
  mutant(
    'recorded in a history that its own guard does not follow',
    configuration('emptied, a block'),
    {
      END_SESSION: (store, call) => SHIPPED.END_SESSION(store, { ...call, isFollowed: true }),
      BLOCK: (store, call) => SHIPPED.BLOCK(store, { ...call, isFollowed: true }),
    },
    { fate: 'survives', isSlow: true },
  ),
  mutant(
    'where there is nothing to end, acknowledgements are believed',
    configuration('restored, another sign-off covers it'),
    {
      coordinate: (state, input, now) =>
        SHIPPED.coordinate(
          state,
          input.type === 'recorded'
            ? { ...input, recorded: { ...input.recorded, members: input.recorded.members ?? [] } }
            : input,
          now,
        ),
    },
    { isSlow: true },
  ),
  mutant('anybody opens a history', configuration('restored, two instances'), {
    HELLO: (store, call, kind) =>
      SHIPPED.HELLO(store, { ...call, says: { ...call.says, opens: store.history } }, kind),
  }),
  mutant('what others have applied does not close a history', configuration('restored, a block'), {
    HELLO: (store, call, kind) => {
      const applied = call.says.history === store.history ? call.says.applied : 0
      return SHIPPED.HELLO(store, { ...call, says: { ...call.says, applied } }, kind)
    },
  }),
  mutant(
    'everybody is signed off, and old sessions stay valid',
    configuration('restored, wall clock is set'),
    {
      END_EVERYONE: (store, call) => {
        const [next, isDone] = SHIPPED.END_EVERYONE(store, call)
        return [{ ...next, isOutlived: store.isOutlived }, isDone]
      },
    },
    { isSlow: true },
  ),
  mutant(
    'everybody is signed off, and blocks are not set again',
    configuration('emptied, a block, not all is remembered'),
    {
      END_EVERYONE: (store, call) => SHIPPED.END_EVERYONE(store, { ...call, knowsBlock: false }),
    },
  ),
]

function mutant(
  name: string,
  configuration: Configuration,
  broken: Partial<Rules>,
  { fate = 'is found', isSlow = false }: Partial<Pick<Mutant, 'fate' | 'isSlow'>> = {},
): Mutant {
  return { name, configuration, rules: { ...SHIPPED, ...broken }, fate, isSlow }
}

/** What is recorded was durable a tick before it was. */
function recordedEarlier(...[state, input, now]: Parameters<Coordinate>): ReturnType<Coordinate> {
  const [next, effects] = SHIPPED.coordinate(state, input, now)
  if (input.type !== 'recorded') return [next, effects]
  const pending = [...next.pending].map(
    ([ticket, one]) => [ticket, { ...one, durableAt: one.durableAt - TICK_MS }] as const,
  )
  return [{ ...next, pending: new Map(pending) }, effects]
}

/** Its own memory is not asked. */
function rememberingEverything(state: Parameters<Coordinate>[0], input: Parameters<Coordinate>[1]) {
  if (input.type !== 'remembered') return input
  const history = state.pending.values().next().value?.history ?? state.known?.history
  const upTo = history === undefined ? null : { history, sequence: Number.MAX_SAFE_INTEGER, since: 0 }
  return { ...input, upTo }
}

function onHello(change: (answer: HelloAnswered, now: Parameters<Follow>[2]) => HelloAnswered): Follow {
  return (state, input, now) =>
    SHIPPED.follow(state, input.type === 'hello-answered' ? change(input, now) : input, now)
}
