import { eventually, freshNamespace, openFirstHistory, redisUrl } from '@curfew/testing'
import { createGuard, type Guard, type GuardOptions } from '../guard.js'
import { listenForJoining } from './joining.js'

export interface GivenGuard extends AsyncDisposable {
  readonly guard: Guard
  readonly namespace: string
}

/** A guard that follows and listens, in a namespace of its own unless told. */
export async function givenGuard(options: Partial<GuardOptions> = {}): Promise<GivenGuard> {
  const namespace = options.namespace ?? freshNamespace()
  const url = options.redisUrl ?? (await redisUrl())
  await openFirstHistory(url, namespace)
  const joining = await listenForJoining(url, namespace)
  const guard = createGuard({
    redisUrl: url,
    service: 'projects',
    publicUrl: new URL('http://localhost'),
    ...options,
    namespace,
  })
  // By itself it tries again only after a quarter of a lease, where the connection that listens is there first.
  await eventually(() => guard.renew())
  await eventually(() => guard.stats().listening)
  await joining.by(guard.instance)
  return { guard, namespace, [Symbol.asyncDispose]: () => guard.close() }
}
