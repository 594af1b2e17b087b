import { z } from 'zod'
import type { StoreSize } from '../log-store.js'
import type { SqliteDatabase } from './schema.js'

/** Of the file, without what is not moved into it yet. */
export function bytesOf(database: SqliteDatabase): Omit<StoreSize, 'entries'> {
  const { pages, free, pageBytes } = Pages.parse(
    database
      .prepare(
        `SELECT page_count AS pages, freelist_count AS free, page_size AS pageBytes
         FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
      )
      .get(),
  )
  return { bytes: pages * pageBytes, usedBytes: (pages - free) * pageBytes }
}

const Pages = z.object({ pages: z.number(), free: z.number(), pageBytes: z.number() })
