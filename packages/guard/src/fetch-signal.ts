import type { Caller } from './caller.js'
import { signalAskedOf, signalOnce } from './request-signal.js'
import type { SessionSignal } from './session-signal.js'

/** Of requests whose signal nobody can release any more: it tells what has happened, and nothing later. */
const answered = new WeakSet<object>()

/** The signal of a request of the Fetch API, released by whom `takeSignal` gives it to. */
export function signalUntilAnswered(request: object, caller: Caller): AbortSignal {
  return signalOnce(request, caller, ({ release }) => {
    if (answered.has(request)) release()
  })
}

/** The handlers are done. Gives the signal, if one was asked for: whoever answers must see to its release. */
export function takeSignal(request: object): SessionSignal | undefined {
  answered.add(request)
  return signalAskedOf(request)
}

/** The response, and `release` when its body was read to its end, failed, or was given up by the client. */
export function untilRead({ method }: Request, response: Response, release: () => void): Response {
  // Of an answer to HEAD frameworks throw the body away, without a word to it.
  if (response.body === null || method === 'HEAD') {
    release()
    return response
  }
  const reader = response.body.getReader()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (!done) return controller.enqueue(value)
          release()
          controller.close()
        } catch (error) {
          release()
          controller.error(error)
        }
      },
      cancel(reason) {
        release()
        return reader.cancel(reason)
      },
    },
    // Nothing is read ahead of the client.
    { highWaterMark: 0 },
  )
  return new Response(body, response)
}
