import type { Caller } from './caller.js'
import type { SessionSignal } from './session-signal.js'

/** Made only for requests whose handlers ask; all others pay nothing. */
const signals = new WeakMap<object, SessionSignal>()

/** The one signal of a request, for all its handlers. `whenMade` sees to its release. */
export function signalOnce(
  request: object,
  { guard, session }: Caller,
  whenMade: (work: SessionSignal) => void,
): AbortSignal {
  let work = signals.get(request)
  if (work === undefined) {
    work = guard.signal(session)
    signals.set(request, work)
    whenMade(work)
  }
  return work.signal
}

/** A response of node:http, as far as its end is concerned. */
export interface ClosingResponse {
  readonly closed: boolean
  once(event: 'close', listener: () => void): unknown
}

/** The request's signal, released when its response has ended, or its client has gone. */
export function signalUntilClosed(response: ClosingResponse, caller: Caller): AbortSignal {
  return signalOnce(response, caller, ({ release }) => {
    if (response.closed) release()
    else response.once('close', release)
  })
}

/** The request's signal, if anybody has asked for it. */
export function signalAskedOf(request: object): SessionSignal | undefined {
  return signals.get(request)
}
