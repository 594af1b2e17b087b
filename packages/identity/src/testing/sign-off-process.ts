import { boundMs, keysOf, nonceCandidate, parseSessionRecord } from '@curfew/contract'
import { Redis } from 'ioredis'
import { createBell } from '../sign-off/bell.js'
import { recordOnDisk } from '../sign-off/record-durably.js'
import { parseWitnessReply } from '../sign-off/replies.js'
import { WITNESS_HISTORY } from '../sign-off/scripts.js'
import { createSignOffs } from '../sign-off/sign-offs.js'
import { ADMIN } from './given-identity.js'

/**
 * An identity that signs one session off in a process of its own, to be killed before that is confirmed.
 * Says the event when it is recorded.
 */
const [redisUrl = '', namespace = '', leaseMs = '', ref = ''] = process.argv.slice(2)

const keys = keysOf(namespace)
const redis = new Redis(redisUrl)
const recordDurably = recordOnDisk(redis)
const { history } = parseWitnessReply(
  await recordDurably(WITNESS_HISTORY, [keys.history, keys.sequence, keys.members], [nonceCandidate()]),
)
const signOffs = createSignOffs({
  redis,
  recordDurably,
  keys,
  bell: createBell({
    redis,
    recordDurably,
    ears: redis.duplicate({ lazyConnect: true, autoResubscribe: false }),
    keys,
    remembered: { upTo: null, onInformed: () => undefined },
    boundMs: boundMs(Number(leaseMs)),
    self: 'identity',
    onError: (error) => console.error(error),
  }),
  onError: (error) => console.error(error),
  guard: { renew: async () => true, stats: () => ({ history, sequence: 0 }) },
  remembered: { blocked: new Map(), forget: () => undefined },
  times: { idleTtlMs: 1_800_000, absoluteTtlMs: 43_200_000 },
})

process.on('disconnect', () => process.exit(1))
const session = parseSessionRecord((await redis.get(keys.session(ref))) ?? '')
if (session === null) throw new Error(`there is no session ${ref}`)
const signedOff = await signOffs.endSession(session, 'logged-out', ADMIN)
process.send?.(signedOff?.receipt())
