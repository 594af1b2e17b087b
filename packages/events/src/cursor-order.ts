/**
 * Which of two cursors stands further on in the log: negative when it is `b`. For the console alone, which
 * is a part of the service that makes them (src/cursors.ts): to everyone else they are opaque.
 */
export function compareCursors(a: string, b: string): number {
  const [first, second] = [bytesOf(a), bytesOf(b)]
  return first < second ? -1 : first > second ? 1 : 0
}

/** Big-endian numbers, so that the text of their bytes has the same order. */
const bytesOf = (cursor: string) => atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))
