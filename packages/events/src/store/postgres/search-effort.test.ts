import { postgresUrl } from '@curfew/testing'
import { suite } from 'uvu'
import { searchEffortContract } from '../../testing/log-store/search-effort-contract.js'
import { append } from './append.js'
import { openConnections } from './connections.js'
import { migrate } from './schema.js'
import { search } from './search.js'

const test = suite('events: how far searches in PostgreSQL go')

searchEffortContract(test, async () => {
  const connections = openConnections(await postgresUrl())
  await connections.transaction(migrate)
  return {
    append: (entries) => connections.transaction((client) => append(client, { entries })),
    search: (query, effort) => connections.snapshot((client) => search(client, query, effort)),
    [Symbol.asyncDispose]: () => connections.close(),
  }
})

test.run()
