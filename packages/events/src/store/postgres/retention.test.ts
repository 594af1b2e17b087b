import { suite } from 'uvu'
import { givenPostgresStore } from '../../testing/log-store/given-postgres-store.js'
import { retentionContract } from '../../testing/log-store/retention-contract.js'
import { tallyContract } from '../../testing/log-store/tally-contract.js'

const test = suite('events: what is counted and removed in PostgreSQL')

tallyContract(test, givenPostgresStore)
retentionContract(test, givenPostgresStore, { atOnce: 1_000 })

test.run()
