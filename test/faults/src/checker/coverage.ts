import type { Ending, Session, Story } from './story.js'

/** What may have ended one session, by how sure that is. */
export interface Endings {
  /** These took effect, and the session was among what they ended. */
  readonly certain: readonly Ending[]
  /** These, or the session's part in them, are open. */
  readonly possible: readonly Ending[]
}

/** Which endings each session has. */
export function endingsOf({ sessions, endings }: Story): ReadonlyMap<string, Endings> {
  const bySession = new Map<string, Ending[]>()
  const byUser = new Map<string, Ending[]>()
  for (const ending of endings) {
    const [index, key] = ending.session === undefined ? [byUser, ending.user] : [bySession, ending.session]
    const known = index.get(key)
    if (known) known.push(ending)
    else index.set(key, [ending])
  }
  return new Map(
    [...sessions.values()].map((session) => {
      const near = [...(bySession.get(session.name) ?? []), ...(byUser.get(session.user) ?? [])]
      const by = (wanted: Cover) => near.filter((ending) => covers(ending, session) === wanted)
      return [session.name, { certain: by('yes'), possible: by('maybe') }]
    }),
  )
}

type Cover = 'yes' | 'maybe' | 'no'

/**
 * Whether an ending ends a session.
 *
 * One of a whole user ends the sessions that are there, and refuses those whose login is under way. So a login
 * that had begun before it was asked for is covered, whenever it ends; one that began after its answer is not;
 * in between, nobody outside can know.
 */
export function covers(ending: Ending, { name, user, login }: Session): Cover {
  const sure = ending.effect === 'recorded' ? 'yes' : 'maybe'
  if (ending.session !== undefined) return ending.session === name ? sure : 'no'
  if (ending.user !== user || ending.except === name) return 'no'
  if (login.begunBy < ending.start) return sure
  return login.start > ending.end ? 'no' : 'maybe'
}
