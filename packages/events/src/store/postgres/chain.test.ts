import { suite } from 'uvu'
import { chainContract } from '../../testing/log-store/chain-contract.js'
import { givenPostgresStore } from '../../testing/log-store/given-postgres-store.js'

const test = suite('events: the chain in PostgreSQL')

chainContract(test, givenPostgresStore)

test.run()
