import type { Redis } from 'ioredis'
import type { RedisFacts } from './shortcomings.js'

/** Asks Redis what it keeps, and how. */
export async function askRedis(redis: Redis): Promise<RedisFacts> {
  const info = await redis.info()
  const fact = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
  return {
    version: fact('redis_version'),
    role: fact('role'),
    appendonly: fact('aof_enabled') === '1',
    appendfsync: await unlessForbidden(async () => settingIn(await redis.config('GET', 'appendfsync'))),
    pausesSyncing:
      (await unlessForbidden(async () =>
        settingIn(await redis.config('GET', 'no-appendfsync-on-rewrite')),
      )) === 'yes',
    evictionPolicy: fact('maxmemory_policy'),
    replicas: Number(fact('connected_slaves')),
    user: await unlessForbidden(async () => String(await redis.call('ACL', 'WHOAMI'))),
    tellsScripts: (await unlessForbidden(() => redis.eval(WHICH_HISTORY, 0))) === 1,
  }
}

const WHICH_HISTORY = `return string.match(redis.call('INFO', 'replication'), 'master_replid:%x+') and 1 or 0`

/** Null where access rules, or a provider, don't let us ask. */
async function unlessForbidden<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Error && /NOPERM|unknown command|not allowed|ERR/.test(error.message)) return null
    throw error
  }
}

/** RESP3 answers an object, RESP2 a list. */
function settingIn(reply: unknown): string | null {
  if (Array.isArray(reply)) return typeof reply[1] === 'string' ? reply[1] : null
  const value = typeof reply === 'object' && reply !== null ? Object.values(reply)[0] : null
  return typeof value === 'string' ? value : null
}
