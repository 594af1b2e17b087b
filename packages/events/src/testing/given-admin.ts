import {
  type ApiAnswer,
  eventually,
  freshNamespace,
  givenSession,
  openRedis,
  type ServerSentEvent,
} from '@curfew/testing'
import { browserOf, givenFact, type StartOptions, startEvents } from './given-events.js'

/** The service with an admin who is signed in. */
export async function givenAdmin(options: Omit<StartOptions, 'namespace'> = {}) {
  const redis = await openRedis()
  const namespace = freshNamespace()
  const session = await givenSession(redis, namespace, { user: 'ada', name: 'Ada Admin', roles: ['admin'] })
  const events = await startEvents({ namespace, ...options })
  const browser = await browserOf(events, session)
  return {
    redis,
    namespace,
    session,
    events,
    browser,
    fact: (fact = {}) => givenFact(redis, namespace, fact),
    /** Until so many events are kept. */
    kept: (count: number) => eventually(async () => (await events.store.size()).entries >= count),
    async [Symbol.asyncDispose]() {
      await browser[Symbol.asyncDispose]()
      await events[Symbol.asyncDispose]()
      await redis[Symbol.asyncDispose]()
    },
  }
}

/** The ids of the events on a page. */
export const idsOf = ({ text }: ApiAnswer) => JSON.parse(text).events.map(({ id }: { id: string }) => id)

/** The ids of the events that a stream has told. */
export const logIdsOf = (events: readonly ServerSentEvent[]) =>
  events.filter(({ event }) => event === 'log').map(({ data }) => String(JSON.parse(data).id))
