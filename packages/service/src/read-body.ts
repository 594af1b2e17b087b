import { bodyParser } from '@koa/bodyparser'
import type { Context, Middleware } from 'koa'
import type { ZodType } from 'zod'
import { ServiceError } from './errors.js'

/** The largest body that is read, also when it came compressed. */
const LIMIT = '64kb'

/**
 * Reads JSON and forms into `ctx.request.body` (`{}` when there is none). Strict: JSON is an object or an array.
 *
 * @throws {ServiceError} `bad-request`, `too-large`, `unsupported-media-type`
 */
export function readBody(): Middleware {
  const parse = bodyParser({
    enableTypes: ['json', 'form'],
    jsonLimit: LIMIT,
    formLimit: LIMIT,
    jsonStrict: true,
    onError: (error) => {
      throw bodyError(error)
    },
  })
  return async function readBody(ctx, next) {
    if (READS.has(ctx.method) && hasBody(ctx) && !ctx.is('json', 'urlencoded')) throw unsupported()
    await parse(ctx, next)
  }
}

/** Checks the body that `readBody` read. @throws {ServiceError} `invalid-input`, as {@link parseInput} */
export function parseBody<T>(schema: ZodType<T>, ctx: Context): T {
  return parseInput(schema, ctx.request.body)
}

/**
 * Checks what came in against its schema.
 *
 * @throws {ServiceError} `invalid-input`, with a sentence that names the first wrong field
 */
export function parseInput<T>(schema: ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data

  const [first] = result.error.issues
  const field = first?.path.map(String).join('.') ?? ''
  const reason = first?.message ?? 'Invalid input'
  throw new ServiceError(
    'invalid-input',
    field === '' ? `The input is not right: ${reason}.` : `The field “${field}” is not right: ${reason}.`,
    { fields: result.error.issues.map((issue) => issue.path.map(String).join('.')) },
  )
}

const READS = new Set(['POST', 'PUT', 'PATCH'])

/** A browser that posts nothing says `Content-Length: 0`, and no type. */
const hasBody = (ctx: Context) => ctx.get('Transfer-Encoding') !== '' || ctx.request.length > 0

/** The original error is dropped on purpose: its message quotes the body, which may hold a secret. */
function bodyError(error: Error & { status?: number; type?: string }): ServiceError {
  if (error.status === 413) return new ServiceError('too-large', 'The body is larger than 64 kB.')
  if (error.status === 415) return unsupported()
  return new ServiceError('bad-request', 'The body can’t be read: it must be well-formed JSON or a form.', {
    type: error.type ?? error.name,
  })
}

function unsupported(): ServiceError {
  return new ServiceError(
    'unsupported-media-type',
    'Send the body as application/json or application/x-www-form-urlencoded.',
  )
}
