/**
 * Every Redis key and channel of this service. Nothing outside this file spells one.
 *
 * The braces are the hash tag: they keep the keys on one node of a Redis Cluster, where one script may
 * touch them together.
 *
 * | key                               | type   | lifetime             | holds                                          |
 * | --------------------------------- | ------ | -------------------- | ---------------------------------------------- |
 * | `{curfew:projects}:project:<id>`  | string | until it is deleted  | one project, JSON                              |
 * | `{curfew:projects}:deleted:<id>`  | string | 1 day                | id of who owned it: deleting twice is no error |
 * | `{curfew:projects}:owner:<user>`  | zset   | while it has members | ids of a user's projects, by creation          |
 * | `{curfew:projects}:everyone`      | zset   | while it has members | ids of all projects, by creation               |
 * | `{curfew:projects}:outbox`        | hash   | while it has fields  | facts on their way to the event log, by id     |
 * | `{curfew:projects}:sweeping`      | string | 10 seconds at most   | an instance is clearing the outbox             |
 *
 * | channel                           | carries                                       |
 * | --------------------------------- | --------------------------------------------- |
 * | `{curfew:projects}:changes`       | `{"what":"project.renamed","project":{…}}`    |
 */
export function projectKeys(namespace: string) {
  const key = (...parts: string[]) => [`{${namespace}:projects}`, ...parts].join(':')

  return {
    project: (id: string) => key('project', id),
    deleted: (id: string) => key('deleted', id),
    owner: (userId: string) => key('owner', userId),
    everyone: key('everyone'),
    outbox: key('outbox'),
    sweeping: key('sweeping'),
    changes: key('changes'),
  }
}

export type ProjectKeys = ReturnType<typeof projectKeys>
