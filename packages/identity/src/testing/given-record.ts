import type { SessionRecord } from '@curfew/contract'

/** A session as it is stored, for tests that only show one. */
export function givenRecord(wanted: Partial<SessionRecord> = {}): SessionRecord {
  return {
    v: 1,
    ref: 'ref-ada',
    family: 'family-ada',
    revision: 1,
    user: { id: 'ada', name: 'Ada Lovelace', email: 'ada@example.com', picture: null, roles: ['editor'] },
    provider: 'dev',
    generation: 1,
    era: 0,
    createdAt: 0,
    authTime: 0,
    amr: [],
    acr: null,
    idleTtlMs: 1_800_000,
    expiresAt: 43_200_000,
    device: { userAgent: 'CurfewTestBrowser/1.0', ip: '203.0.113.7' },
    ...wanted,
  }
}
