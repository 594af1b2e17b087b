import { ONLY_PARTITION, type Partition } from './partition.js'

/**
 * Every Redis key and channel of Curfew. Nothing outside this file spells one.
 *
 * The braces are part of the key: they are the hash tag, namespace and partition, that keeps all keys
 * of a partition on one node of a Redis Cluster, where one script may touch them together.
 *
 * | key                                | type    | lifetime                    | holds                                                      |
 * | ---------------------------------- | ------- | --------------------------- | ---------------------------------------------------------- |
 * | `{curfew:0}:session:<ref>`         | string  | absolute end + 1 day        | the session record, JSON; written by identity alone        |
 * | `{curfew:0}:tokens:<ref>`          | string  | absolute end + 1 day        | the provider's tokens, sealed; read by identity alone      |
 * | `{curfew:0}:ended:<family>`        | string  | longest session + 1 day     | tombstone: the sequence of the sign-off that ended it      |
 * | `{curfew:0}:user:<id>`             | hash    | forever (it holds blocks)   | profile, `generation`, block, `endedAt`                    |
 * | `{curfew:0}:user:<id>:sessions`    | zset    | while it has members        | refs of the user's sessions, by creation time              |
 * | `{curfew:0}:user:<id>:ended:<n>`   | zset    | until tidied up             | refs of the sessions that generation `<n>` ended           |
 * | `{curfew:0}:users`                 | zset    | forever                     | user ids, by last login                                    |
 * | `{curfew:0}:users:terms`           | zset    | forever                     | words of names and addresses, for the admin's search       |
 * | `{curfew:0}:expiries`              | zset    | while it has members        | refs, by the time at which to look whether they expired    |
 * | `{curfew:0}:seen`                  | zset    | while it has members        | refs, by when they were last used (Redis time)             |
 * | `{curfew:0}:sequence`              | string  | forever                     | number of the newest sign-off: the head                    |
 * | `{curfew:0}:history`               | hash    | forever                     | `nonce` (random; its loss makes a new history), and which history is open, see lua.ts |
 * | `{curfew:0}:era`                   | string  | forever                     | number of the sign-off that ended everybody's sessions     |
 * | `{curfew:0}:blocked`               | set     | forever                     | ids of the users who are blocked                           |
 * | `{curfew:0}:signoffs`              | stream  | newest 100,000              | sign-offs, entry id `<sequence>-0`, gap-free               |
 * | `{curfew:0}:log`                   | stream  | newest 200,000              | every fact of the system                                   |
 * | `{curfew:0}:members`               | hash    | until dropped               | instance id to what it follows and has acknowledged        |
 * | `{curfew:0}:inboxes`               | set     | forever                     | names of services that hand in facts                       |
 * | `{curfew:0}:inbox:<service>`       | stream  | until moved to the log      | facts of one service, append-only for it                   |
 * | `{curfew:0}:moved:<event id>`      | string  | 1 day                       | this fact of a service has come into the log               |
 * | `{curfew:0}:recorded:<event id>`   | string  | 15 minutes                  | number and sessions of a sign-off: repeated, it is no second one |
 * | `{curfew:0}:login:<state>`         | hash    | 10 minutes                  | a login under way; identity alone                          |
 * | `{curfew:0}:farewell:<random>`     | string  | 2 minutes                   | what the signed-out page shows, sealed; identity alone     |
 * | `{curfew:0}:receipt:<random>`      | string  | 10 minutes                  | a sign-off on its way to be confirmed; identity alone      |
 * | `{curfew:0}:cursor:<consumer>`     | string  | forever                     | how far a consumer of the log has come                     |
 * | `{curfew:0}:jobs:…`                | various | BullMQ's                    | background work of identity                                |
 *
 * | channel                            | carries                                                        |
 * | ---------------------------------- | -------------------------------------------------------------- |
 * | `{curfew:0}:signoffs`              | each sign-off as it is recorded: `<history> <sequence> <JSON>` |
 * | `{curfew:0}:acknowledgements`      | `<instance> <history> <sequence> <failed hooks>` once an instance applied it  |
 */
export function keysOf(namespace: string, partition: Partition = ONLY_PARTITION) {
  const key = (...parts: string[]) => [`{${namespace}:${partition}}`, ...parts].join(':')

  return {
    session: (ref: string) => key('session', ref),
    tokens: (ref: string) => key('tokens', ref),
    ended: (family: string) => key('ended', family),
    user: (id: string) => key('user', id),
    sessionsOf: (userId: string) => key('user', userId, 'sessions'),
    endedOf: (userId: string, generation: number) => key('user', userId, 'ended', String(generation)),
    users: key('users'),
    userTerms: key('users', 'terms'),
    expiries: key('expiries'),
    seen: key('seen'),
    sequence: key('sequence'),
    history: key('history'),
    era: key('era'),
    blocked: key('blocked'),
    signoffs: key('signoffs'),
    log: key('log'),
    members: key('members'),
    inboxes: key('inboxes'),
    inbox: (service: string) => key('inbox', service),
    moved: (eventId: string) => key('moved', eventId),
    recorded: (eventId: string) => key('recorded', eventId),
    login: (state: string) => key('login', state),
    farewell: (capability: string) => key('farewell', capability),
    receipt: (capability: string) => key('receipt', capability),
    cursor: (consumer: string) => key('cursor', consumer),
    jobs: key('jobs'),
    /** What scripts put in front of a key whose last part they only learn while running. */
    prefix: key(''),
    channels: {
      signoffs: key('signoffs'),
      acknowledgements: key('acknowledgements'),
    },
  }
}

export type Keys = ReturnType<typeof keysOf>
