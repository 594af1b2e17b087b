import type { Problem } from '@curfew/contract'
import { ServiceError } from '@curfew/service'
import type { Context } from 'koa'

/** What the guard refuses is answered like every other error of this service: a page for a person. */
export function refuse(_ctx: Context, { code, detail }: Problem): never {
  throw new ServiceError(code, detail)
}
