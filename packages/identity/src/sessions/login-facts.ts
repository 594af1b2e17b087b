import { type CurfewEvent, createEvent, type SessionRecord } from '@curfew/contract'
import { z } from 'zod'
import type { FinishedLogin, Profile } from '../login/finished-login.js'

/** What the user's row said before the login. Null of somebody who signs in for the first time. */
export type ProfileBefore = Pick<Profile, 'name' | 'email' | 'roles'> | null

/** Of the user's row, in the order in which {@link profileBefore} reads them. */
export const PROFILE_FIELDS = ['createdAt', 'name', 'email', 'roles'] as const

export function profileBefore([createdAt, name, email, roles]: ReadonlyArray<string | null>): ProfileBefore {
  if (!createdAt) return null
  return { name: name ?? '', email: email || null, roles: Roles.parse(JSON.parse(roles ?? '[]')) }
}

/** A login as the log tells it: what the provider says of the user now and did not before, and the session. */
export function loginFacts(
  { user, ref, provider }: SessionRecord,
  { device, correlationId }: FinishedLogin,
  before: ProfileBefore,
): CurfewEvent[] {
  const common = { subjectName: user.name, ref, provider, ...device, correlationId }
  const changed =
    before === null ? [] : FIELDS.filter((field) => inWords(before, field) !== inWords(user, field))
  return [
    ...changed.map((field) =>
      createEvent('identity', 'user.changed', user.id, {
        actor: 'system',
        reason: 'provider',
        field,
        before: before === null ? '' : inWords(before, field),
        after: inWords(user, field),
        ...common,
      }),
    ),
    createEvent('identity', 'session.created', user.id, {
      actor: user.id,
      actorName: user.name,
      roles: inWords(user, 'roles'),
      ...(before === null ? { isFirst: true } : {}),
      ...common,
    }),
  ]
}

const FIELDS = ['roles', 'name', 'email'] as const

function inWords(profile: Pick<Profile, 'name' | 'email' | 'roles'>, field: (typeof FIELDS)[number]): string {
  return field === 'roles' ? profile.roles.toSorted().join(', ') : (profile[field] ?? '')
}

const Roles = z.array(z.string())
