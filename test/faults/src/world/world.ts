import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '@curfew/testing'
import { type Child, createChild } from './child.js'
import type { Clocks } from './clocks.js'
import { createDisposal } from './disposal.js'
import { answers } from './readiness.js'
import type { RedisWorld } from './redis-world.js'
import { createTcpProxy, type TcpProxy } from './tcp-proxy.js'

/** One process that mounts a guard, its address, and its own wire to Redis. */
export interface Instance {
  readonly name: string
  readonly url: string
  /** Where it answers 200 with who is calling. */
  readonly whoPath: string
  readonly isIdentity: boolean
  readonly child: Child
  /** Null where it finds its Redis by itself, through Sentinel. */
  readonly proxy: TcpProxy | null
}

export interface WorldOptions {
  readonly redis: RedisWorld
  readonly leaseMs: number
  readonly services: number
  /** How many processes of identity. @default 1 */
  readonly identities?: number
  /** Where the processes' logs go. */
  readonly logsDir: string
  /** Added to Node's options and environment of identity and the services. */
  readonly nodeOptions?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Given, the services' wall clocks can be set. */
  readonly clocks?: Clocks
}

/** Everything that runs: Redis, the provider, identity, and services that mount the guard. */
export interface World extends AsyncDisposable {
  readonly redis: RedisWorld
  /** The one that the public address leads to, where people sign in. */
  readonly identity: Instance
  readonly identities: readonly Instance[]
  readonly services: readonly Instance[]
  /** Those of identity first. */
  readonly instances: readonly Instance[]
  readonly leaseMs: number
  readonly clocks: Clocks | undefined
}

/** Long enough that no session ends by itself that is used, short enough that its use is reported. */
export const IDLE_MS = 120_000

const CLIENT_ID = 'curfew'

export async function startWorld(options: WorldOptions): Promise<World> {
  await mkdir(options.logsDir, { recursive: true })
  const { use, disposeAll } = createDisposal()
  try {
    const world = await start(options, use)
    return { ...world, [Symbol.asyncDispose]: disposeAll }
  } catch (error) {
    await disposeAll()
    throw error
  }
}

async function start(options: WorldOptions, use: <T extends AsyncDisposable>(one: T) => T) {
  const { redis, leaseMs, logsDir } = options
  const [identityPort, providerPort] = [await freePort(), await freePort()]
  const publicUrl = `http://localhost:${identityPort}`
  const issuer = `http://127.0.0.1:${providerPort}`
  const clientSecret = randomBytes(24).toString('base64url')

  const provider = createChild({
    name: 'provider',
    main: fileURLToPath(new URL('../processes/provider.js', import.meta.url)),
    env: {
      PORT: String(providerPort),
      ISSUER: issuer,
      PUBLIC_URL: publicUrl,
      CLIENT_ID,
      CLIENT_SECRET: clientSecret,
    },
    logFile: join(logsDir, 'provider.log'),
    isReady: answers(`${issuer}/.well-known/openid-configuration`),
  })

  async function instance(
    name: string,
    port: number,
    main: string,
    paths: { who: string; ready: string },
    env: NodeJS.ProcessEnv = {},
  ): Promise<Instance> {
    const url = `http://localhost:${port}`
    const proxy = redis.profile === 'single' ? use(await createTcpProxy(redis.server.port)) : null
    const child = createChild({
      name,
      main: fileURLToPath(new URL(main, import.meta.url)),
      nodeOptions: options.nodeOptions ?? [],
      env: {
        HOST: 'localhost',
        PORT: String(port),
        PUBLIC_URL: publicUrl,
        REDIS_URL: proxy === null ? redis.url : `redis://127.0.0.1:${proxy.port}`,
        INSTANCE: name,
        LEASE_MS: String(leaseMs),
        ...env,
        ...options.env,
      },
      logFile: join(logsDir, `${name}.log`),
      isReady: answers(url + paths.ready),
    })
    return {
      name,
      url,
      whoPath: paths.who,
      isIdentity: name.startsWith('identity'),
      child: use(child),
      proxy,
    }
  }

  const tokenKey = randomBytes(32).toString('base64url')
  const startIdentity = (name: string, port: number) =>
    instance(
      name,
      port,
      '../../../../packages/identity/dist/main.js',
      { who: '/auth/session', ready: '/readyz' },
      {
        TOKEN_KEYS: tokenKey,
        REDIS_REPLICAS: String(redis.replicas),
        LOGINS_PER_MINUTE: '1000000',
        SESSION_IDLE_SECONDS: String(IDLE_MS / 1_000),
        CURFEW_PROVIDER_DEV_ISSUER: issuer,
        CURFEW_PROVIDER_DEV_CLIENT_ID: CLIENT_ID,
        CURFEW_PROVIDER_DEV_CLIENT_SECRET: clientSecret,
        CURFEW_PROVIDER_DEV_SCOPE: 'openid profile email roles',
      },
    )
  const identity = await startIdentity('identity', identityPort)
  const others = await Promise.all(
    Array.from({ length: (options.identities ?? 1) - 1 }, async (_, index) =>
      startIdentity(`identity-${index + 2}`, await freePort()),
    ),
  )
  const identities = [identity, ...others]
  const services = await Promise.all(
    Array.from({ length: options.services }, async (_, index) =>
      instance(
        `service-${index + 1}`,
        await freePort(),
        '../processes/service.js',
        { who: '/who', ready: '/ready' },
        options.clocks?.envFor(`service-${index + 1}`),
      ),
    ),
  )
  const instances = [...identities, ...services]

  await use(provider).start()
  await Promise.all(instances.map(({ child }) => child.start()))

  return { redis, identity, identities, services, instances, leaseMs, clocks: options.clocks }
}
