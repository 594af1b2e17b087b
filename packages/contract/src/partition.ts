/**
 * Everything that belongs to one user lives in one partition, so that one Redis script can touch a
 * session, its user's gate and the sign-off log together (they share a hash tag). There is one
 * partition today; the byte in every session id and ref is what lets there be more.
 */
export type Partition = number

export const ONLY_PARTITION: Partition = 0
