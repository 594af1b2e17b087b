import { z } from 'zod'

/**
 * JSON that identity has stored, of any shape. Perhaps an older identity or a newer one did: pipe it into the shape that
 * is known here, and parse safely. What is no JSON is refused without being quoted, since it may be a secret.
 */
export const storedJson = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    context.addIssue({ code: 'custom', message: 'not JSON' })
    return z.NEVER
  }
})
