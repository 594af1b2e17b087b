import { suite } from 'uvu'
import { givenSqliteStore } from '../../testing/log-store/given-sqlite-store.js'
import { searchContract } from '../../testing/log-store/search-contract.js'

const test = suite('events: searches in SQLite')

searchContract(test, givenSqliteStore)

test.run()
