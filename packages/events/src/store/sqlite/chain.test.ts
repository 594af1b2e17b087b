import { suite } from 'uvu'
import { chainContract } from '../../testing/log-store/chain-contract.js'
import { givenSqliteStore } from '../../testing/log-store/given-sqlite-store.js'

const test = suite('events: the chain in SQLite')

chainContract(test, givenSqliteStore)

test.run()
