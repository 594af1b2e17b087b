import { eventually, freshNamespace, redisUrl } from '@curfew/testing'
import { createGuard, type Guard, type GuardOptions } from '../guard.js'

export interface GivenGuard extends AsyncDisposable {
  readonly guard: Guard
  readonly namespace: string
}

/** A guard that follows and listens, in a namespace of its own unless told. */
export async function givenGuard(options: Partial<GuardOptions> = {}): Promise<GivenGuard> {
  const namespace = options.namespace ?? freshNamespace()
  const guard = createGuard({
    redisUrl: await redisUrl(),
    service: 'projects',
    publicUrl: new URL('http://localhost'),
    ...options,
    namespace,
  })
  await guard.ready()
  await eventually(() => guard.stats().listening)
  return { guard, namespace, [Symbol.asyncDispose]: () => guard.close() }
}
