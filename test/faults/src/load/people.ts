import type { Random } from '../random.js'

/** A session that somebody was given, as their browser knows it. */
export interface KnownSession {
  readonly name: string
  readonly user: string
  /** For a `Cookie` header. */
  readonly cookie: string
  readonly ref: string
}

/**
 * Who has which sessions, as far as the load believes. It only decides what is worth asking: whether an answer
 * was right is the checker's to say.
 */
export interface People {
  readonly users: readonly string[]
  signedIn(user: string, cookie: string, ref: string): KnownSession
  /** These are over, or perhaps: they go on being asked about, as somebody does who stole a cookie. */
  ended(...sessions: readonly KnownSession[]): void
  /** All that are believed to live, of one user or of everybody. */
  living(user?: string): readonly KnownSession[]
  /** Some session to ask about: mostly a living one, often one that has just ended. */
  anySession(random: Random): KnownSession | null
  /** Everyone that there ever was. */
  readonly all: readonly KnownSession[]
}

/** So many that ended last are asked about again and again. */
const MOST_GHOSTS = 40

export function createPeople(users: readonly string[]): People {
  const all: KnownSession[] = []
  const living = new Set<KnownSession>()
  let ghosts: KnownSession[] = []

  return {
    users,
    signedIn(user, cookie, ref) {
      const session = { name: `s${all.length + 1}`, user, cookie, ref }
      all.push(session)
      living.add(session)
      return session
    },
    ended(...sessions) {
      const fresh = sessions.filter((session) => living.delete(session))
      ghosts = [...ghosts, ...fresh].slice(-MOST_GHOSTS)
    },
    living: (user) => [...living].filter((session) => user === undefined || session.user === user),
    anySession(random) {
      const from = ghosts.length > 0 && random.chance(0.35) ? ghosts : [...living]
      return from.length === 0 ? null : random.pick(from)
    },
    all,
  }
}
