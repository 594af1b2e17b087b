import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { LogStoreFailed } from '../log-store.js'
import { type Answer, AnswerMessage, type Ask, type CallName, readAnswer } from './protocol.js'

/** The worker that has a file, as it is called from here. */
export interface WorkerCalls {
  /** @throws {LogStoreFailed} when it can't be done, or the worker has ended */
  call<Name extends CallName>(name: Name, ask: Ask<Name>): Promise<Answer<Name>>
  /** Lets it finish what it was asked before. */
  close(): Promise<void>
  /** Whether it takes no more calls: it was closed, or it died. */
  readonly hasEnded: boolean
}

/** Whether the file can be opened is told by the first call. */
export function startWorker(file: string, mayCreate: boolean): WorkerCalls {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: { file, mayCreate } })
  const waiting = new Map<number, Waiting>()
  let calls = 0
  let isClosing = false
  let ended: LogStoreFailed | null = null

  worker.on('message', (message) => {
    const answer = AnswerMessage.parse(message)
    const waited = waiting.get(answer.id)
    waiting.delete(answer.id)
    if (!('error' in answer)) waited?.resolve(answer.answer)
    else if (answer.isMistake) waited?.reject(new TypeError(answer.error))
    else waited?.reject(new LogStoreFailed(`the event log in ${file} failed: ${answer.error}`))
  })
  worker.on('error', (cause) => {
    const said = cause instanceof Error ? cause.message : String(cause)
    ended = new LogStoreFailed(`the event log in ${file} can't be used: ${said}`, { cause })
  })
  worker.once('exit', (code) => {
    ended ??= new LogStoreFailed(
      `the event log in ${file} ${isClosing ? 'is closed' : `was left by its thread, which ended with ${code}`}`,
    )
    for (const { reject } of waiting.values()) reject(ended)
    waiting.clear()
  })

  function send(name: CallName, ask: unknown): Promise<unknown> {
    if (ended !== null) return Promise.reject(ended)
    const id = ++calls
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      worker.postMessage({ id, name, ask })
    })
  }

  return {
    async call<Name extends CallName>(name: Name, ask: Ask<Name>): Promise<Answer<Name>> {
      return readAnswer[name](await send(name, ask))
    },
    async close() {
      if (ended !== null) return
      isClosing = true
      const exit = once(worker, 'exit')
      worker.postMessage({ id: ++calls, name: 'close', ask: {} })
      await exit
    },
    get hasEnded() {
      return ended !== null
    },
  }
}

interface Waiting {
  resolve(answer: unknown): void
  reject(error: Error): void
}
