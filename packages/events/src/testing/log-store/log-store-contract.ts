import type { Test } from 'uvu'
import { appendContract } from './append-contract.js'
import { chainContract } from './chain-contract.js'
import type { GivenStore } from './given-entries.js'
import { retentionContract } from './retention-contract.js'
import { searchContract } from './search-contract.js'
import { tallyContract } from './tally-contract.js'

/** What every store must do, whatever it keeps the log in. */
export function logStoreContract(test: Test, openStore: () => Promise<GivenStore>): void {
  appendContract(test, openStore)
  searchContract(test, openStore)
  tallyContract(test, openStore)
  retentionContract(test, openStore)
  chainContract(test, openStore)
}
