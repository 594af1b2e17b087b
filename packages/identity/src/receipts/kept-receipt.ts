import { EVENT_TYPES, type Receipt } from '@curfew/contract'
import { z } from 'zod'
import type { SignOffFacts } from '../sign-off/signed-off.js'
import { storedJson } from '../stored-json.js'

/** A receipt as it is kept in Redis: how it stood, and what it takes to follow the sign-off from there on. */
export interface KeptReceipt {
  readonly receipt: Receipt
  readonly facts: SignOffFacts
}

/** Identity wrote it, perhaps an older one or a newer one: what has another shape is not there. */
export function parseKept(json: string): KeptReceipt | null {
  const parsed = storedJson.pipe(Kept).safeParse(json)
  return parsed.success ? parsed.data : null
}

const type = z.enum(EVENT_TYPES)

const Story = z.object({
  subject: z.string().nullable(),
  data: z.object({
    actor: z.string().nullable(),
    actorName: z.string().exactOptional(),
    subjectName: z.string().exactOptional(),
    ref: z.string().exactOptional(),
    provider: z.string().exactOptional(),
    ip: z.string().exactOptional(),
    userAgent: z.string().exactOptional(),
    correlationId: z.string().exactOptional(),
  }),
  reason: z.string(),
})

export const KeptAsReceipt = z.object({
  event: z.object({ id: z.string(), type, sequence: z.number() }),
  sessions: z.number(),
  confirmed: z.boolean(),
  tookMs: z.number(),
  boundMs: z.number(),
  instances: z.array(
    z.object({
      id: z.string(),
      service: z.string(),
      state: z.enum(['applied', 'lapsed', 'pending']),
      ms: z.number().exactOptional(),
      hook: z.literal('failed').exactOptional(),
    }),
  ),
})

const Kept = z.object({
  receipt: KeptAsReceipt,
  facts: z.object({
    type,
    // One of before there was a story is followed all the same.
    story: Story.nullable().default(null),
    decidedAt: z.number(),
    recorded: z.object({
      kind: z.literal('recorded'),
      history: z.string(),
      sequence: z.number(),
      sessions: z.number(),
      eventId: z.string(),
      members: z
        .array(
          z.object({
            id: z.string(),
            service: z.string(),
            history: z.string(),
            acknowledged: z.number(),
            renewals: z.number(),
            leaseMs: z.number(),
            renewedAt: z.number(),
            hooksFailed: z.array(z.number()),
          }),
        )
        .nullable(),
    }),
  }),
})
