import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { startRedis } from './redis-server.js'

/** A Redis with the access rules that we advise, in infra/sentinel/users.acl. */
export interface RuledRedis extends AsyncDisposable {
  /** The address for one of its users. */
  urlOf(user: string): string
  /** What was refused, as `user: command or key`. */
  refused(): Promise<string[]>
}

const RULES = new URL('../../../infra/sentinel/users.acl', import.meta.url)

/** The rules hold for the namespaces that tests make, whichever it is. */
export async function startRuledRedis(): Promise<RuledRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'curfew-rules-'))
  const aclfile = join(dir, 'users.acl')
  await writeFile(aclfile, (await readFile(RULES, 'utf8')).replaceAll('{curfew:', '{t*:'))
  const server = await startRedis({ appendonly: true, dir, settings: { aclfile } })
  const urlOf = (user: string) => `redis://${user}:${passwordOf(user)}@127.0.0.1:${server.port}`
  const operator = new Redis(urlOf('operator'))

  return {
    urlOf,
    async refused() {
      const entries = await operator.acl('LOG')
      return Array.isArray(entries) ? entries.map(describe) : []
    },
    async [Symbol.asyncDispose]() {
      operator.disconnect()
      await server[Symbol.asyncDispose]()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Those in the file are to be changed; here they do. */
export const passwordOf = (user: string) => `change-me-${user}`

/** `reason, command, context, toplevel, object, get, username, ada…` */
function describe(entry: unknown): string {
  const parts = Array.isArray(entry) ? entry.map(String) : []
  const at = (name: string) => parts[parts.indexOf(name) + 1] ?? ''
  return `${at('username')}: ${at('object')}`
}
