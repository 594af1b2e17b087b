import { access } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { ensureRedisServer } from '../tools.mjs'
import type { Ports, ProcessName } from './ports.js'
import type { ProcessSpec } from './process-spec.js'
import { answers, answersPing } from './readiness.js'
import type { Secrets } from './secrets.js'
import { StartFailed } from './start-failed.js'

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly ports: Ports
  readonly secrets: Secrets
  readonly redisDir: string
  /** Where the event log is kept, unless the environment says so. */
  readonly eventLogFile: string
}

/** The addresses of a system. `provider` is null where it isn't ours. */
export interface Addresses {
  readonly url: string
  readonly console: string
  readonly provider: string | null
  readonly redisUrl: string
}

export function addressesOf({ env, ports }: Pick<Surroundings, 'env' | 'ports'>): Addresses {
  const url = `http://localhost:${ports.gateway}`
  return {
    url,
    console: `${url}/console`,
    provider: hasOwnProvider(env) ? null : `http://127.0.0.1:${ports.provider}`,
    redisUrl: env['REDIS_URL'] || `redis://127.0.0.1:${ports.redis}`,
  }
}

/** All of Curfew's processes: Redis first, without which none of the others starts. */
export async function curfewProcesses(surroundings: Surroundings): Promise<ProcessSpec[][]> {
  const { env, eventLogFile } = surroundings
  const addresses = addressesOf(surroundings)
  const service = serviceOf(surroundings, addresses)
  const others = await Promise.all([
    ...(addresses.provider === null ? [] : [provider(surroundings, addresses.provider, service)]),
    service('identity', 'packages/identity', identityEnv(surroundings, addresses)),
    service('projects-1', 'packages/projects'),
    service('projects-2', 'packages/projects'),
    service('events', 'packages/events', { EVENT_LOG_URL: env['EVENT_LOG_URL'] || `sqlite:${eventLogFile}` }),
    gateway(surroundings, addresses.url, service),
  ])
  return env['REDIS_URL'] ? [others] : [[await redis(surroundings)], others]
}

async function redis({ ports, env, redisDir }: Surroundings): Promise<ProcessSpec> {
  const port = ports.redis
  return {
    name: 'redis',
    port,
    address: `redis://127.0.0.1:${port}`,
    command: await ensureRedisServer(),
    args: [pathOf('infra/redis.conf'), '--port', String(port), '--dir', redisDir],
    env: { PATH: env['PATH'] },
    isReady: answersPing(port),
  }
}

type MakeService = (name: ProcessName, folder: string, own?: NodeJS.ProcessEnv) => Promise<ProcessSpec>

function serviceOf({ ports, env }: Surroundings, { url, redisUrl }: Addresses): MakeService {
  return async (name, folder, own = {}) => {
    const main = pathOf(`${folder}/dist/${MAINS[name] ?? 'main.js'}`)
    await requireBuilt(name, main)
    const port = ports[name]
    return {
      name,
      port,
      address: `http://localhost:${port}`,
      command: process.execPath,
      args: ['--enable-source-maps', main],
      env: {
        ...inheritable(env),
        PORT: String(port),
        HOST: 'localhost',
        PUBLIC_URL: url,
        REDIS_URL: redisUrl,
        PROXY_HOPS: '1',
        INSTANCE: name,
        VERSION,
        ...own,
      },
      isReady: answers(`http://localhost:${port}/readyz`),
    }
  }
}

/** Of this checkout. */
const VERSION: string = createRequire(import.meta.url)('../../package.json').version

const MAINS: Partial<Record<ProcessName, string>> = {
  gateway: 'gateway/main.js',
  provider: 'dev-provider/main.js',
}

async function provider(
  { secrets }: Surroundings,
  issuer: string,
  service: MakeService,
): Promise<ProcessSpec> {
  const spec = await service('provider', 'infra', {
    // Everything else is on localhost: this is another site, which never sees our cookie.
    HOST: '127.0.0.1',
    PROXY_HOPS: '0',
    CLIENT_SECRET: secrets.clientSecret,
    COOKIE_KEYS: secrets.cookieKey,
    SIGNING_KEYS: secrets.signingKeys,
  })
  return { ...spec, address: issuer, isReady: answers(`${issuer}/.well-known/openid-configuration`) }
}

function identityEnv({ env, secrets }: Surroundings, addresses: Addresses): NodeJS.ProcessEnv {
  const isKey = (name: string) => name === 'TOKEN_KEYS' || name === 'TOKEN_KEYS_FILE'
  const given = pick(env, (name) => isKey(name) || name.startsWith(PROVIDER_SETTING))
  return {
    ...(Object.keys(given).some(isKey) ? {} : { TOKEN_KEYS: secrets.tokenKey }),
    ...(addresses.provider === null
      ? {}
      : {
          CURFEW_PROVIDER_DEV_ISSUER: addresses.provider,
          CURFEW_PROVIDER_DEV_CLIENT_ID: 'curfew',
          CURFEW_PROVIDER_DEV_CLIENT_SECRET: secrets.clientSecret,
          CURFEW_PROVIDER_DEV_LABEL: 'Curfew demo',
          CURFEW_PROVIDER_DEV_SCOPE: 'openid profile email roles offline_access',
          CURFEW_PROVIDER_DEV_ROLES_CLAIM: 'roles',
        }),
    ...given,
  }
}

async function gateway({ ports }: Surroundings, url: string, service: MakeService): Promise<ProcessSpec> {
  const at = (name: ProcessName) => `http://localhost:${ports[name]}`
  const spec = await service('gateway', 'infra', {
    PROXY_HOPS: '0', // nothing stands in front of it
    IDENTITY_URLS: at('identity'),
    PROJECTS_URLS: `${at('projects-1')},${at('projects-2')}`,
    EVENTS_URLS: at('events'),
  })
  // A path that is closed to everybody outside, and from here we are outside: that it refuses shows that it works.
  return { ...spec, isReady: answers(`${url}/readyz`, 404) }
}

const PROVIDER_SETTING = 'CURFEW_PROVIDER_'

const hasOwnProvider = (env: NodeJS.ProcessEnv) =>
  Object.keys(env).some((name) => name.startsWith(PROVIDER_SETTING))

/** What one process is told is not for the others: secrets, and what must differ between them. */
const inheritable = (env: NodeJS.ProcessEnv) =>
  pick(env, (name) => !name.startsWith('CURFEW_') && !OF_ONE_PROCESS.has(name.replace(/_FILE$/, '')))

const OF_ONE_PROCESS = new Set([
  'TOKEN_KEYS',
  'PORT',
  'HOST',
  'PUBLIC_URL',
  'REDIS_URL',
  'INSTANCE',
  'PROXY_HOPS',
])

const pick = (env: NodeJS.ProcessEnv, wanted: (name: string) => boolean): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => wanted(name)))

const pathOf = (pathInCheckout: string) => fileURLToPath(new URL(`../../${pathInCheckout}`, import.meta.url))

async function requireBuilt(name: string, main: string): Promise<void> {
  try {
    await access(main)
  } catch (cause) {
    throw new StartFailed(`${name} is not built: there is no ${main}. \`npm start\` builds it.`, { cause })
  }
}
