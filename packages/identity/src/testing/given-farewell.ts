import { createFarewells, type Farewell } from '../account/farewells.js'
import { createReceipts } from '../receipts/receipts.js'
import type { GivenApp } from './given-app.js'
import { givenReceipt, givenSignedOff } from './given-receipt.js'

/** Somebody has signed out by a form, and that went so. Returns the capability of the page that says it. */
export function givenFarewell(app: GivenApp, wanted: Partial<Farewell> = {}): Promise<string> {
  const { redis, keys, seal } = app
  const { scope = 'user', receipt = givenReceipt(), continueTo = null } = wanted
  const receipts = createReceipts({
    redis,
    keys,
    takeOver: () => Promise.reject(new TypeError('nobody asks here')),
    stopping: new AbortController().signal,
    onError: () => undefined,
  })
  const farewells = createFarewells({ redis, keys, seal, receipts })
  return farewells.keep({ signedOff: givenSignedOff(receipt), scope, continueTo })
}
