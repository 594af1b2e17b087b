import { keysOf } from '@curfew/contract'
import { createKeeper } from '../keeper.js'
import { openLogStore } from '../store/open-log-store.js'

/** A keeper in a process of its own, to be killed in the middle of its work. */
const [redisUrl = '', namespace = '', file = ''] = process.argv.slice(2)
const say =
  (what: string) =>
  (...facts: unknown[]) =>
    console.error(what, ...facts)

const store = await openLogStore(`sqlite:${file}`)
createKeeper({
  redisUrl,
  key: keysOf(namespace).log,
  store,
  onUnreadable: say('unreadable'),
  onGap: say('gap'),
  onError: say('failed'),
}).open()
process.on('disconnect', () => process.exit())
