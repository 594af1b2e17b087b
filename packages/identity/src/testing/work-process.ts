import { keysOf } from '@curfew/contract'
import { openRedis } from '@curfew/service'
import { createSessions } from '../sessions/sessions.js'
import { createSeal } from '../tokens/seal.js'
import { startWork } from '../work/work.js'

/**
 * Background work in a process of its own, to be killed in the middle: its provider is asked, and never
 * answers. Says `asked` whenever that happens.
 */
const [redisUrl = '', namespace = '', tokenKey = '', lockMs = ''] = process.argv.slice(2)

const keys = keysOf(namespace)
const log = { debug: silent, info: silent, warn: silent, error: silent }
const redis = await openRedis(redisUrl, { name: 'work-process', log })
startWork({
  redisUrl,
  redis,
  keys,
  sessions: createSessions(
    redis,
    keys,
    createSeal([Buffer.from(tokenKey, 'base64url')]),
    { idleTtlMs: 1_800_000, absoluteTtlMs: 43_200_000 },
    // Nobody signs in here.
    { stats: () => ({ history: null, sequence: 0 }), renew: async () => false },
  ),
  revokeTokens: () => {
    process.send?.('asked')
    return new Promise(() => undefined)
  },
  onError: (error) => console.error(error),
  lockMs: Number(lockMs),
})
process.on('disconnect', () => process.exit(1))

function silent(): void {}
