/** The first whose entries are known as `verifyChain` expects it: by source and id. */
const OLDEST = 3

/**
 * What is said of entries is the same in all versions of the schema from {@link OLDEST} on.
 *
 * @throws {Error} that says what to do
 */
export function requireVerifiable(version: number, newest: number): void {
  if (version > newest)
    throw new Error(
      `it was written by a newer Curfew (${version}, and this one knows ${newest}): verify it with that one`,
    )
  if (version < OLDEST)
    throw new Error(
      `it was written by an older Curfew (${version}, and this one knows ${OLDEST} to ${newest}), and is left as it is: ` +
        'verify it with that one, or start events of this version once, which brings it up to date',
    )
}
