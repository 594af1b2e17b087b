/**
 * Every Redis key of this service. Nothing outside this file spells one.
 *
 * | key                        | type    | lifetime | holds                          |
 * | -------------------------- | ------- | -------- | ------------------------------ |
 * | `{curfew:events}:jobs:…`   | various | BullMQ's | background work of events      |
 */
export function eventsKeys(namespace: string) {
  return { jobs: `{${namespace}:events}:jobs` }
}
