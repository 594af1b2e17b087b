/** A process that appends batch after batch, each of 20 of its own, until somebody kills it. */
import { openLogStore } from '../store/open-log-store.js'
import { appendAll, givenEntries } from './log-store-contract.js'

const [, , url = '', count = '0'] = process.argv
const store = await openLogStore(url)
const entries = givenEntries(Number(count))
for (let from = 0; from < entries.length; from += 20) {
  const batch = entries.slice(from, from + 20)
  await appendAll(store, batch)
  process.send?.(batch.at(-1)?.streamId)
}
