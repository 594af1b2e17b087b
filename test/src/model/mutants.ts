import type { follow } from '@curfew/guard/following'
import { CONFIGURATIONS, type Configuration } from './configurations.js'
import { type Rules, SHIPPED } from './rules.js'

/** The shipped rules with one of them taken out, in a configuration that must show it. */
export interface Mutant {
  readonly name: string
  readonly configuration: Configuration
  readonly rules: Rules
}

type Follow = typeof follow
type Input = Parameters<Follow>[1]
type HelloAnswered = Extract<Input, { type: 'hello-answered' }>

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
  mutant('confirmed before it is durable', configuration('Redis crashes'), { holders: () => 0 }),
  mutant('waits for one replica of two', configuration('two replicas'), { holders: () => 1 }),
  mutant('a table that is not settled is believed', configuration('two instances restart'), {
    coordinate: (state, input, now) => {
      const [next, effects] = SHIPPED.coordinate(state, input, now)
      const believed = [...next.pending].map(([ticket, one]) => [ticket, { ...one, settledAt: now }] as const)
      return [{ ...next, pending: new Map(believed) }, effects]
    },
  }),
]

function mutant(name: string, configuration: Configuration, broken: Partial<Rules>): Mutant {
  return { name, configuration, rules: { ...SHIPPED, ...broken } }
}

function onHello(change: (answer: HelloAnswered, now: Parameters<Follow>[2]) => HelloAnswered): Follow {
  return (state, input, now) =>
    SHIPPED.follow(state, input.type === 'hello-answered' ? change(input, now) : input, now)
}

function configuration(name: string): Configuration {
  const found = CONFIGURATIONS[name]
  if (found === undefined) throw new TypeError(`there is no configuration called ${name}`)
  return found
}
