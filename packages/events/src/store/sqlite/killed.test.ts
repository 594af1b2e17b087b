import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareIds } from '../../log-entries.js'
import { givenStore } from '../../testing/given-store.js'
import { appendAll, givenEntries } from '../../testing/log-store/given-entries.js'
import { openSqliteLogStore } from '../sqlite-log-store.js'

const test = suite('events: killed while it appends to SQLite')

test('a process that is killed while it appends has lost nothing that it was told is kept', async () => {
  await using given = await givenStore()
  const { file } = given
  await given.store.close()
  const entries = givenEntries(1_000)

  for (const batchesBefore of [1, 4, 9]) {
    const keeper = fork(fileURLToPath(new URL('../../testing/append-until-killed.js', import.meta.url)), [
      `sqlite:${file}`,
      String(entries.length),
    ])
    let told = '0-0'
    for (let batches = 0; batches < batchesBefore; batches++) [told] = await once(keeper, 'message')
    keeper.kill('SIGKILL')
    await once(keeper, 'exit')

    const store = await openSqliteLogStore(file)
    const kept = await store.after(0, entries.length)
    const cursor = (await store.cursor()) ?? ''
    assert.ok(compareIds(cursor, told) >= 0, `${cursor} is before ${told}`)
    assert.is(kept.at(-1)?.streamId, cursor)
    assert.equal(
      kept.map(({ event }) => event.id),
      entries.slice(0, kept.length).map(({ event }) => event.id),
    )
    assert.ok((await store.verify()).ok)
    await store.close()
  }

  const store = await openSqliteLogStore(file)
  await appendAll(store, entries)
  assert.equal(await store.ends(), { first: 1, last: entries.length })
  await store.close()
})

test.run()
