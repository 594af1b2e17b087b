import { startWorker, type WorkerCalls } from './worker-calls.js'

/** One that dies at once must not be started over and over. Milliseconds. */
const BETWEEN_STARTS_MS = 1_000

/**
 * A worker whose place another one takes when it dies: at the next call, and not more than once a second. What it was
 * asked and had not answered fails, and is done or not done as a whole; whoever appends does so again.
 *
 * @param onReplaced called after each time: what the one before had done, and not said, is there now
 * @throws {LogStoreFailed} when the file can't be opened
 */
export async function openLastingWorker(
  file: string,
  onReplaced: () => void,
): Promise<Omit<WorkerCalls, 'hasEnded'>> {
  let worker = startWorker(file, true)
  let startedAt = performance.now()
  let isClosed = false
  await worker.call('state', {})

  function current(): WorkerCalls {
    if (worker.hasEnded && !isClosed && performance.now() - startedAt >= BETWEEN_STARTS_MS) {
      // A file that is gone by now is no reason to begin an empty log.
      worker = startWorker(file, false)
      startedAt = performance.now()
      onReplaced()
    }
    return worker
  }

  return {
    call: (name, ask) => current().call(name, ask),
    close() {
      isClosed = true
      return worker.close()
    },
  }
}
