import { ONLY_PARTITION, randomSessionId } from '@curfew/contract'
import type { FinishedLogin, Profile } from '../login/finished-login.js'
import type { Sessions } from '../sessions/sessions.js'

/** A finished login, of which a test says only what it cares about. */
export type LoginWanted = Partial<FinishedLogin> & Partial<Pick<Profile, 'subject' | 'name' | 'roles'>>

/** Somebody who finished a login just now. The cookie's name is that of plain http. */
export async function signInTo(sessions: Sessions, wanted: LoginWanted = {}) {
  const sessionId = randomSessionId(ONLY_PARTITION)
  const record = await sessions.create(sessionId, finishedLogin(wanted))
  return { cookie: `curfew=${sessionId}`, sessionId, record }
}

export function finishedLogin({
  subject = 'ada',
  name = 'Ada Lovelace',
  roles = ['editor'],
  ...login
}: LoginWanted = {}): FinishedLogin {
  return {
    provider: 'dev',
    profile: {
      issuer: 'http://provider.test',
      subject,
      name,
      email: `${subject}@example.com`,
      picture: null,
      roles,
    },
    tokens: {
      accessToken: 'access',
      refreshToken: 'refresh',
      idToken: null,
      accessTokenExpiresAt: null,
    },
    authTime: Date.now(),
    amr: [],
    acr: null,
    beganAtSequence: 0,
    device: { userAgent: 'CurfewTestBrowser/1.0', ip: '127.0.0.1' },
    correlationId: 'correlation-1',
    ...login,
  }
}
