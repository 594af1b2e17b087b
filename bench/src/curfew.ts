import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { boundMs, type Keys, keysOf } from '@curfew/contract'
import { eventually, freePort, openHistory, type RedisServer, startRedis } from '@curfew/testing'
import { Redis } from 'ioredis'
import { createLogins, type Logins } from './logins.js'
import { createSignOffClient, type SignOffClient } from './sign-off-client.js'

/** A Redis that syncs each write to disk, and an identity process on it: nothing that a sign-off needs is left out. */
export interface Curfew extends AsyncDisposable {
  readonly redisUrl: string
  readonly namespace: string
  readonly keys: Keys
  /** A connection of ours. */
  readonly redis: Redis
  readonly logins: Logins
  readonly signOffs: SignOffClient
}

export const NAMESPACE = 'bench'

/** @param beforeIdentity what Redis is to hold already when identity starts */
export async function startCurfew(
  { leaseMs }: { leaseMs: number },
  beforeIdentity: (curfew: { redis: Redis; logins: Logins; keys: Keys }) => Promise<void> = async () => {},
): Promise<Curfew> {
  const server = await startRedis({ appendonly: true })
  const redis = new Redis(server.url)
  const keys = keysOf(NAMESPACE)
  const tokenKey = randomBytes(32)
  const history = await openHistory(redis, NAMESPACE)
  const logins = createLogins({ redis, keys, tokenKey, history })
  await beforeIdentity({ redis, logins, keys })
  const identity = await startIdentity(server, tokenKey, leaseMs)

  return {
    redisUrl: server.url,
    namespace: NAMESPACE,
    keys,
    redis,
    logins,
    signOffs: createSignOffClient(identity.url),
    async [Symbol.asyncDispose]() {
      await identity[Symbol.asyncDispose]()
      redis.disconnect()
      await server[Symbol.asyncDispose]()
    },
  }
}

const IDENTITY = fileURLToPath(import.meta.resolve('@curfew/identity/dist/main.js'))

/** Resolves when its sign-offs are confirmed by acknowledgements: after a start that takes one bound. */
async function startIdentity({ url: redisUrl }: RedisServer, tokenKey: Buffer, leaseMs: number) {
  const port = await freePort()
  const url = `http://localhost:${port}`
  const child = fork(IDENTITY, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      NODE_ENV: 'production',
      PORT: String(port),
      HOST: 'localhost',
      PUBLIC_URL: url,
      REDIS_URL: redisUrl,
      NAMESPACE,
      INSTANCE: 'identity-1',
      LEASE_MS: String(leaseMs),
      LOG_LEVEL: 'error',
      TOKEN_KEYS: tokenKey.toString('base64url'),
      // Plain OAuth 2.0 that revokes nothing. Nobody ever asks it.
      CURFEW_PROVIDER_DEV_CLIENT_ID: 'bench',
      CURFEW_PROVIDER_DEV_CLIENT_SECRET: 'a secret of nobody',
      CURFEW_PROVIDER_DEV_AUTHORIZATION_URL: 'https://provider.test/authorize',
      CURFEW_PROVIDER_DEV_TOKEN_URL: 'https://provider.test/token',
      CURFEW_PROVIDER_DEV_USERINFO_URL: 'https://provider.test/userinfo',
    },
  })
  const isReady = async () => {
    if (child.exitCode !== null) throw new Error(`identity ended with ${child.exitCode}`)
    return (await fetch(`${url}/readyz`)).ok
  }
  await eventually(isReady, { within: 60_000 })
  const settledAt = performance.now() + boundMs(leaseMs)
  await eventually(() => performance.now() > settledAt, { within: 2 * boundMs(leaseMs) })

  return {
    url,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await exit
    },
  }
}
