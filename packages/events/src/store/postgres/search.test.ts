import { suite } from 'uvu'
import { givenPostgresStore } from '../../testing/log-store/given-postgres-store.js'
import { searchContract } from '../../testing/log-store/search-contract.js'

const test = suite('events: searches in PostgreSQL')

searchContract(test, givenPostgresStore)

test.run()
