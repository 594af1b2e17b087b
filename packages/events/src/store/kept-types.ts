import { z } from 'zod'

/** There are some dozens. More than this are not told one by one. */
export const MOST_TYPES = 200

/** Which types there are in a table of events, in as many steps through its index as there are types. */
export const keptTypesSql = (events: string) => `
  WITH RECURSIVE kept (type) AS (
    SELECT min(type) FROM ${events}
    UNION ALL
    SELECT (SELECT min(type) FROM ${events} WHERE type > kept.type) FROM kept WHERE kept.type IS NOT NULL
  )
  SELECT type FROM kept WHERE type IS NOT NULL LIMIT ${MOST_TYPES}`

export const KeptTypes = z.array(z.object({ type: z.string() }).transform(({ type }) => type))
