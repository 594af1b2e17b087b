import type { SessionUser } from '@curfew/contract'

/** Who may look at projects, and who may change them: their own, and admins those of all. */
export const READERS = ['viewer', 'editor', 'admin']
export const WRITERS = ['editor', 'admin']

export const mayWrite = ({ roles }: SessionUser) => roles.some((role) => WRITERS.includes(role))

export const isAdmin = ({ roles }: SessionUser) => roles.includes('admin')

export const maySee = (user: SessionUser, owner: string) => owner === user.id || isAdmin(user)
