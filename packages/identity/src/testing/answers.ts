import * as assert from 'uvu/assert'
import { z } from 'zod'

/** What came back, whoever asked. */
interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  code: z.string(),
})

/** Checks that it is a problem, whole and well-formed, of this status and code. */
export function isProblem(answer: Answer, status: number, code: string): void {
  assert.is(answer.status, status, answer.text)
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/)
  const { detail, ...said } = problem.parse(JSON.parse(answer.text))
  assert.is(said.code, code, detail)
  assert.is(said.status, status)
  assert.is(said.type, `urn:curfew:problem:${code}`)
  assert.match(detail, /^\S.*[.”]$/)
}

const receipt = z.strictObject({
  event: z.strictObject({ id: z.string(), type: z.string(), sequence: z.number().int().positive() }),
  sessions: z.number().int(),
  confirmed: z.boolean(),
  tookMs: z.number(),
  boundMs: z.number().int(),
  instances: z.array(
    z.strictObject({
      id: z.string(),
      service: z.string(),
      state: z.enum(['applied', 'lapsed', 'pending']),
      ms: z.number().optional(),
      hook: z.literal('failed').optional(),
    }),
  ),
})

/** A receipt, whole and with nothing else in it. */
export const readReceipt = (answer: Answer) => receipt.parse(JSON.parse(answer.text))

const device = z.strictObject({ userAgent: z.string(), ip: z.string() })

/** A session as its owner and admins see it: neither its family nor its generation. */
const listed = z.strictObject({
  ref: z.string(),
  provider: z.string(),
  createdAt: z.number(),
  lastSeenAt: z.number(),
  expiresAt: z.number(),
  device,
  current: z.boolean(),
})

export const readSessions = (answer: Answer) =>
  z.strictObject({ sessions: z.array(listed) }).parse(JSON.parse(answer.text)).sessions

const user = z.strictObject({
  id: z.string(),
  issuer: z.string(),
  subject: z.string(),
  provider: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  picture: z.string().nullable(),
  roles: z.array(z.string()),
  blocked: z.strictObject({ at: z.number(), by: z.string(), reason: z.string().nullable() }).nullable(),
  createdAt: z.number(),
  lastLoginAt: z.number(),
  sessions: z.number(),
})

export const readUser = (answer: Answer) => user.parse(JSON.parse(answer.text))

export const readUsers = (answer: Answer) =>
  z.strictObject({ users: z.array(user), next: z.string().nullable() }).parse(JSON.parse(answer.text))
