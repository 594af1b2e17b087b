/** A promise that is settled from outside: for a test that holds something still until it has looked. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (reason: unknown) => void
}

export function deferred<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = unsettled
  let reject: (reason: unknown) => void = unsettled
  const promise = new Promise<T>((fulfil, refuse) => {
    resolve = fulfil
    reject = refuse
  })
  return { promise, resolve, reject }
}

/** Stands in until the executor, which runs at once, has put the real functions in. */
function unsettled(): never {
  throw new TypeError('settled before it was made')
}
