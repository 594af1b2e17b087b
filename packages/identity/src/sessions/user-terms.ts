import type { Profile } from '../login/finished-login.js'

/** What a user is found by: the words of the name, the address, and the id at the provider. */
export function termsOf({ name, email, subject }: Pick<Profile, 'name' | 'email' | 'subject'>): string[] {
  return [...new Set([...wordsOf(name), ...wordsOf(email ?? ''), subject.toLowerCase()])]
}

/** What is looked for: each is the beginning of a term. */
export type Words = readonly [string, ...string[]]

export function wordsOf(text: string): string[] {
  return text.normalize('NFKC').toLowerCase().split(/\s+/).filter(Boolean)
}

export const isSome = (words: readonly string[]): words is Words => words.length > 0

/** An entry of the index, as the scripts write it: `<term>\n<user id>`. */
export function parseEntry(entry: string): { term: string; id: string } {
  const end = entry.lastIndexOf('\n')
  return { term: entry.slice(0, end), id: entry.slice(end + 1) }
}

/**
 * Whether the entry of `term` names a user with these terms who is looked for. Of several that begin like the first
 * word only the first one does: else each would name them once more.
 */
export function isFoundBy(terms: readonly string[], term: string, [word, ...others]: Words): boolean {
  const [first] = terms.filter((one) => one.startsWith(word)).sort(inOrderOfIndex)
  return first === term && others.every((other) => terms.some((one) => one.startsWith(other)))
}

/** Redis compares bytes, of the whole entry. */
function inOrderOfIndex(one: string, other: string): number {
  return Buffer.compare(Buffer.from(`${one}\n`), Buffer.from(`${other}\n`))
}
