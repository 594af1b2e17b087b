/** The thread that has the file: its calls are synchronous, and here they keep nobody waiting. */
import { parentPort, workerData } from 'node:worker_threads'
import { readAfter } from './after.js'
import { createAppend } from './append.js'
import { lookAtChain } from './look.js'
import { type Answer, CALLS, CallMessage, type CallName, WorkerSettings } from './protocol.js'
import { pruneSome } from './retention.js'
import { openSqlite } from './schema.js'
import { search } from './search.js'
import { bytesOf } from './size.js'
import { readSecret, readState } from './state.js'
import { keepSample, readTally } from './tallies.js'

const { file, mayCreate } = WorkerSettings.parse(workerData)
const database = open()
const append = createAppend(database)

const answers: { readonly [Name in CallName]: (ask: unknown) => Answer<Name> } = {
  append: (ask) => append(CALLS.append.ask.parse(ask)),
  page(ask) {
    const { entries, next } = search(database, CALLS.page.ask.parse(ask))
    return { entries: entries.map(({ position, streamId, json }) => ({ position, streamId, json })), next }
  },
  after(ask) {
    const { position, count } = CALLS.after.ask.parse(ask)
    return readAfter(database, position, count)
  },
  state: () => ({ ...readState(database), secret: readSecret(database), ...bytesOf(database) }),
  tally: (ask) => readTally(database, CALLS.tally.ask.parse(ask)),
  sample(ask) {
    keepSample(database, CALLS.sample.ask.parse(ask))
    return null
  },
  prune(ask) {
    const { limits, most } = CALLS.prune.ask.parse(ask)
    return pruneSome(database, limits, most)
  },
  look(ask) {
    const { after, count } = CALLS.look.ask.parse(ask)
    return lookAtChain(database, after, count)
  },
  close() {
    database.close()
    parentPort?.close()
    return null
  },
}

parentPort?.on('message', (message) => {
  const { id, name, ask } = CallMessage.parse(message)
  try {
    const answer = answers[name](ask)
    parentPort?.postMessage({ id, answer })
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error)
    parentPort?.postMessage({ id, error: sentence, isMistake: error instanceof TypeError })
  }
})

/** What libsql throws loses its message on the way to another thread. */
function open() {
  try {
    return openSqlite(file, mayCreate)
  } catch (error) {
    throw new Error(error instanceof Error ? error.message : String(error))
  }
}
