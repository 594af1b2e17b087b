import { z } from 'zod'
import type { SqliteDatabase } from './schema.js'

/** What the file takes on disk, without what is not moved into it yet. */
export function bytesOf(database: SqliteDatabase): number {
  const { page_count: pages } = Pages.parse(database.prepare('PRAGMA page_count').get())
  const { page_size: bytes } = PageSize.parse(database.prepare('PRAGMA page_size').get())
  return pages * bytes
}

const Pages = z.object({ page_count: z.number() })
const PageSize = z.object({ page_size: z.number() })
