import type { RequestListener } from 'node:http'

/** One server that is measured. Whatever it is, it answers `GREETING` to those who are signed in, else 401. */
export interface Contender {
  readonly handler: RequestListener
  /** Signs somebody in. Called when it listens; resolves with the header line by which they are known. */
  signIn(origin: string): Promise<string>
  /** Says goodbye to whom would wait for it. */
  leave?(): Promise<void>
}

export interface Surroundings {
  /** In memory only, so that it is no limit. */
  readonly redisUrl: string
  /** Where Curfew's sessions are. */
  readonly curfew: { readonly redisUrl: string; readonly namespace: string }
}

export type StartContender = (surroundings: Surroundings) => Promise<Contender>

export const GREETING = 'hello'

/** Who is signed in, everywhere the same. */
export const ADA = {
  id: 'ada',
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  roles: ['editor'],
}

/** For those that sign in by a request: the cookies that it answers with. */
export async function signInAt(origin: string): Promise<string> {
  const answer = await fetch(new URL(SIGN_IN, origin))
  const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0])
  if (cookies.length === 0) throw new Error(`${origin} signed nobody in: ${answer.status}`)
  return `Cookie: ${cookies.join('; ')}`
}

export const SIGN_IN = '/sign-in'
