import * as assert from 'uvu/assert'

/**
 * Awaits `promise`, checks that it rejects with an error that carries `code`, and hands that error back.
 * uvu's own `throws` is synchronous: it counts a promise that rejects as a success.
 */
export async function rejects(promise: Promise<unknown>, code: string): Promise<Error> {
  const outcome = await promise.then(
    () => null,
    (reason: unknown) => ({ reason }),
  )
  if (outcome === null) assert.unreachable(`expected a rejection with ${code}`)
  const reason = outcome?.reason
  if (!(reason instanceof Error)) throw new TypeError(`rejected with what is not an error: ${String(reason)}`)
  if (!('code' in reason)) throw new Error(`expected a rejection with ${code}`, { cause: reason })
  assert.is(reason.code, code)
  return reason
}
