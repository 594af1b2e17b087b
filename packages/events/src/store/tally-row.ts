import { z } from 'zod'

/** As both databases name the columns; PostgreSQL sends its large numbers as text. */
export const TallyRows = {
  counts: z.array(
    z.object({ step: z.coerce.number(), type: z.string(), reason: z.string(), count: z.coerce.number() }),
  ),
  confirmations: z.array(
    z.object({ step: z.coerce.number(), bucket: z.coerce.number(), count: z.coerce.number() }),
  ),
  samples: z.array(z.object({ step: z.coerce.number(), most: z.coerce.number() })),
}
