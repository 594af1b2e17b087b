import { ServiceError } from '@curfew/service'
import { isUserId } from '../login/user-id.js'
import { parseEntry } from './user-terms.js'

/** A user's place in the list of all, by their last login. */
export interface Login {
  /** Epoch milliseconds. */
  readonly at: number
  readonly id: string
}

/** Goes on behind this one, wherever it is by then. */
export function afterLogin({ at, id }: Login): string {
  return `${at}.${id}`
}

/** @throws {ServiceError} `invalid-input` when nobody gave it */
export function loginOf(cursor: string): Login {
  const [, at, id = ''] = /^(\d{1,15})\.(.*)$/.exec(cursor) ?? []
  if (at === undefined || !isUserId(id)) throw notGiven()
  return { at: Number(at), id }
}

/** Goes on behind this entry of the index, whether it is there by then or not. */
export function afterEntry(entry: string): string {
  return Buffer.from(entry).toString('base64url')
}

/** @throws {ServiceError} `invalid-input` when nobody gave it to who looked for `word` */
export function entryOf(cursor: string, word: string): string {
  const entry = Buffer.from(cursor, 'base64url').toString()
  if (!entry.startsWith(word) || !isUserId(parseEntry(entry).id)) throw notGiven()
  return entry
}

function notGiven(): ServiceError {
  return new ServiceError(
    'invalid-input',
    'The field “cursor” is not right: send what the page before said as “next”, with the same query.',
  )
}
