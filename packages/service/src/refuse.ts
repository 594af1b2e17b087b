import type { Problem } from '@curfew/contract'
import type { Context } from 'koa'
import { ServiceError } from './errors.js'

/** What a guard refuses is answered like every other error of the service: as a page for a person. */
export function refuse(_ctx: Context, { code, detail }: Problem): never {
  throw new ServiceError(code, detail)
}
