import { suite } from 'uvu'
import { givenSqliteStore } from '../../testing/log-store/given-sqlite-store.js'
import { retentionContract } from '../../testing/log-store/retention-contract.js'
import { tallyContract } from '../../testing/log-store/tally-contract.js'

const test = suite('events: what is counted and removed in SQLite')

tallyContract(test, givenSqliteStore)
retentionContract(test, givenSqliteStore, { atOnce: 100 })

test.run()
