/**
 * One line of text that may be kept and shown: well formed, without control characters or what turns the
 * direction of the text around it, and at most so many characters (code points) long.
 *
 * JSON in Redis' scripts takes no half of a surrogate pair, and in the log a name must not pass for
 * something else.
 */
export function plainText(text: string, length: number): string {
  const plain = text.replace(TURNS, '').replace(BREAKS, ' ').replace(HALVES, '\uFFFD').trim()
  return [...plain].slice(0, length).join('').trimEnd()
}

/** Whether it may be kept as it came. What grants something, or finds somebody, is never changed to fit. */
export function isPlainText(text: unknown, length: number): text is string {
  return typeof text === 'string' && text !== '' && plainText(text, length) === text
}

const TURNS = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu
const BREAKS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu
/** With `u`, a pair is one character: this finds what stands alone. */
const HALVES = /\p{Cs}/gu
