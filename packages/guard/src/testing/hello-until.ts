/** The body of an event stream of the Fetch API: says hello, and ends when it is aborted. */
export function helloUntil(signal: AbortSignal): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('data: hello\n\n'))
      signal.addEventListener('abort', () => controller.close())
    },
  })
}
