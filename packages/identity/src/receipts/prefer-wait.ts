import type { Context } from 'koa'

/** Nobody is kept waiting for longer than this: proxies in between give up too. Seconds. */
export const LONGEST_WAIT_SECONDS = 30

/**
 * How long the caller would wait for an answer: `Prefer: wait=10`, in whole seconds. Null when they don't
 * say, or say something else: a preference that can't be read is ignored.
 *
 * @see RFC 7240 sections 2 and 4.3
 */
export function preferredWait(ctx: Pick<Context, 'get'>): number | null {
  for (const preference of preferencesIn(ctx.get('Prefer'))) {
    if (!/^wait\s*(=|;|$)/i.test(preference)) continue
    // Of one that is said more than once only the first counts.
    const [, seconds] = /^wait\s*=\s*"?(\d+)"?\s*(?:;|$)/i.exec(preference) ?? []
    return seconds === undefined ? null : Math.min(Number(seconds), LONGEST_WAIT_SECONDS)
  }
  return null
}

/** Says that the preference was heeded, and what became of it. @see RFC 7240 section 3 */
export function sayWaited(ctx: Context, seconds: number): void {
  ctx.set('Preference-Applied', `wait=${seconds}`)
}

/** Longer than anything that anybody prefers; a quote that never ends would take the time of its square. */
const LONGEST_HEADER = 1_000

/** They are separated by commas; one between quotes separates nothing. */
function preferencesIn(header: string): string[] {
  if (header.length > LONGEST_HEADER) return []
  return (header.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? []).map((preference) => preference.trim())
}
