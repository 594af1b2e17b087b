import { generateKeyPair, type JsonWebKey, randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { StartFailed } from './start-failed.js'

/** What the processes of a development machine must keep to themselves. Production brings its own. */
export interface Secrets {
  /** Seals the provider's tokens at rest: identity's `TOKEN_KEYS`. */
  readonly tokenKey: string
  /** Of the client `curfew` at the development provider. */
  readonly clientSecret: string
  /** Signs the development provider's cookies. */
  readonly cookieKey: string
  /** Signs its ID tokens: a JSON Web Key Set, as text. Kept, so that an `id_token_hint` is good after a restart. */
  readonly signingKeys: string
}

/**
 * The secrets of a state folder, made on the first call and the same ever after: `secrets.json`, for its
 * owner alone (mode 600).
 *
 * @throws {StartFailed} when the file can't be read
 */
export async function openSecrets(stateDir: string): Promise<Secrets> {
  const file = join(stateDir, 'secrets.json')
  const known = await readSecrets(file)
  if (isComplete(known)) return known

  // What is there stays: a later version may need one more secret, and that must not sign anybody out.
  const secrets = { ...(await makeSecrets()), ...known }
  await mkdir(stateDir, { recursive: true })
  await writeFile(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
  return secrets
}

const randomSecret = () => randomBytes(32).toString('base64url')

async function makeSecrets(): Promise<Secrets> {
  // RS256 is what every OpenID client must understand (OpenID Connect Core section 15.1).
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const key: JsonWebKey = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }
  return {
    tokenKey: randomSecret(),
    clientSecret: randomSecret(),
    cookieKey: randomSecret(),
    signingKeys: JSON.stringify({ keys: [key] }),
  }
}

async function readSecrets(file: string): Promise<Partial<Secrets>> {
  try {
    const found: unknown = JSON.parse(await readFile(file, 'utf8'))
    return typeof found === 'object' && found !== null ? found : {}
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    throw new StartFailed(`${file} can’t be read. Remove it, and new secrets are made.`, { cause: error })
  }
}

const isComplete = (found: Partial<Secrets>): found is Secrets =>
  [found.tokenKey, found.clientSecret, found.cookieKey, found.signingKeys].every(
    (secret) => typeof secret === 'string',
  )
