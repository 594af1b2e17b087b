/** A keeper that appends batch after batch, from the cursor on, until somebody kills it. */
import { BEFORE_THE_FIRST, compareIds } from '../log-entries.js'
import { openLogStore } from '../store/open-log-store.js'
import { appendAll, givenEntries } from './log-store/given-entries.js'

const [, , url = '', count = '0'] = process.argv
const store = await openLogStore(url)
const cursor = (await store.cursor()) ?? BEFORE_THE_FIRST
const entries = givenEntries(Number(count)).filter(({ streamId }) => compareIds(streamId, cursor) > 0)
for (let from = 0; from < entries.length; from += 20) {
  const batch = entries.slice(from, from + 20)
  await appendAll(store, batch)
  process.send?.(batch.at(-1)?.streamId)
}
