import { z } from 'zod'
import type { ChainPoint } from './chain.js'

/** What a store knows of itself besides its entries. */
export interface State {
  /** The Redis stream is kept up to this id. */
  readonly cursor: string | null
  /** The last entry that was removed. */
  readonly anchor: ChainPoint
  readonly newest: ChainPoint
}

/** Random. For whoever seals cursors, and nobody else: verifying must not need it. */
export const SecretRow = z.object({ secret: z.string() })

/** As both databases name the columns, with hashes as hex digits. PostgreSQL sends its large numbers as text. */
export const StateRow = z
  .object({
    cursor: z.string().nullable(),
    anchor_position: z.coerce.number(),
    anchor_hash: z.string(),
    newest_position: z.coerce.number(),
    newest_hash: z.string(),
  })
  .transform(
    (row): State => ({
      cursor: row.cursor,
      anchor: { position: row.anchor_position, hash: row.anchor_hash },
      newest: { position: row.newest_position, hash: row.newest_hash },
    }),
  )
