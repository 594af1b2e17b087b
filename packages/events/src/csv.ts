import type { LoggedEvent } from '@curfew/contract'

/** What `csvRow` has of an event, as the first line of a file. */
export const csvHead = () => COLUMNS.join(',')

/** RFC 4180. Facts that have no column of their own are in `data`, as JSON with all others. */
export function csvRow({ data, ...event }: LoggedEvent): string {
  const facts: Readonly<Record<string, unknown>> = { ...data, ...event, data: JSON.stringify(data) }
  return COLUMNS.map((column) => cellOf(facts[column])).join(',')
}

const COLUMNS = [
  'time',
  'type',
  'source',
  'subject',
  'subjectName',
  'actor',
  'actorName',
  'reason',
  'ref',
  'ip',
  'userAgent',
  'correlationId',
  'sequence',
  'id',
  'data',
]

function cellOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  const text = String(value).replaceAll(FORMULA, "'")
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * Where a spreadsheet may take what follows for a formula, and what people call themselves is here: where a cell begins,
 * and where one does for a spreadsheet that separates by semicolons or tabs. To that the quotes of RFC 4180 mean nothing.
 */
const FORMULA = /^(?=[\t\r])|(?<=^|[;\t\r\n])(?=[ "]*[=+\-@])/g
