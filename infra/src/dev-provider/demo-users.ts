import { hash, verify } from '@node-rs/argon2'

export interface DemoUser {
  readonly username: string
  readonly name: string
  readonly email: string
  readonly roles: readonly string[]
  /** What the sign-in page says about them. */
  readonly may: string
}

export const DEMO_USERS: readonly DemoUser[] = [
  {
    username: 'admin',
    name: 'Ada Admin',
    email: 'ada@example.com',
    roles: ['admin', 'editor'],
    may: 'who may sign anyone off',
  },
  {
    username: 'editor',
    name: 'Edda Editor',
    email: 'edda@example.com',
    roles: ['editor'],
    may: 'who makes projects',
  },
  {
    username: 'viewer',
    name: 'Vito Viewer',
    email: 'vito@example.com',
    roles: ['viewer'],
    may: 'who only looks',
  },
]

/** Documented, on purpose: whoever can reach a development machine's loopback may be any demo user. */
export const DEMO_PASSWORD = 'curfew'

export interface DemoAccounts {
  find(username: string): DemoUser | undefined
  /** The user, or undefined for a wrong name or password, after the same work for both. */
  verify(username: string, password: string): Promise<DemoUser | undefined>
}

export async function createDemoAccounts(): Promise<DemoAccounts> {
  const users = new Map(DEMO_USERS.map((user) => [user.username, user]))
  const hashes = new Map(
    await Promise.all(
      DEMO_USERS.map(async ({ username }) => [username, await hash(DEMO_PASSWORD, ARGON2ID)] as const),
    ),
  )
  /** Verified for a name that nobody has, so that the time of the answer doesn't tell which names exist. */
  const nobodysHash = await hash(crypto.randomUUID(), ARGON2ID)

  return {
    find: (username) => users.get(username),
    async verify(username, password) {
      const right = await verify(hashes.get(username) ?? nobodysHash, password)
      return right ? users.get(username) : undefined
    },
  }
}

/** The library hashes with argon2id unless told otherwise. OWASP Password Storage: 19 MiB, two passes, one lane. */
const ARGON2ID = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
