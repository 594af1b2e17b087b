import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import type { GivenApp } from './given-app.js'

/** What identity's processes read from their environment, so that they stand beside this app. */
export function identityEnvironment({ config, redisUrl, namespace, tokenKey }: Surroundings) {
  return {
    PORT: '0',
    PUBLIC_URL: config.PUBLIC_URL.origin,
    REDIS_URL: redisUrl,
    NAMESPACE: namespace,
    INSTANCE: 'identity-process',
    LEASE_MS: String(config.LEASE_MS),
    // The tests' Redis keeps nothing on disk.
    ACCEPT_A_REDIS_THAT_MAY_FORGET: 'yes',
    TOKEN_KEYS: tokenKey.toString('base64url'),
    CURFEW_PROVIDER_DEV_CLIENT_ID: 'curfew',
    CURFEW_PROVIDER_DEV_CLIENT_SECRET: 'client-secret-of-the-provider',
    CURFEW_PROVIDER_DEV_AUTHORIZATION_URL: 'https://provider.test/authorize',
    CURFEW_PROVIDER_DEV_TOKEN_URL: 'https://provider.test/token',
    CURFEW_PROVIDER_DEV_USERINFO_URL: 'https://provider.test/userinfo',
  }
}

type Surroundings = Pick<GivenApp, 'config' | 'redisUrl' | 'namespace' | 'tokenKey'>

/** Another instance of identity, as a process of its own that can be killed. */
export async function startIdentityProcess(beside: Surroundings) {
  const child = fork(new URL('../main.js', import.meta.url), {
    env: identityEnvironment(beside),
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit')
  const port = await portOf(child.stdout)

  async function kill(): Promise<void> {
    child.kill('SIGKILL')
    await exited
  }

  return { url: `http://127.0.0.1:${port}`, kill, [Symbol.asyncDispose]: kill }
}

const Listening = z.object({ event: z.literal('service.listening'), port: z.number() })

/** It says so in its log, a line of JSON each. */
async function portOf(output: NodeJS.ReadableStream | null): Promise<number> {
  if (output === null) throw new TypeError('its output is not piped')
  for await (const line of createInterface(output)) {
    const said = Listening.safeParse(JSON.parse(line))
    if (said.success) {
      output.resume()
      return said.data.port
    }
  }
  throw new Error('identity did not start')
}
