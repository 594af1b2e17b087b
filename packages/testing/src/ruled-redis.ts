import { Redis } from 'ioredis'
import { adviseRedis, passwordOf } from './advised-redis.js'
import { startRedis } from './redis-server.js'

/** A Redis with the access rules of infra/sentinel. */
export interface RuledRedis extends AsyncDisposable {
  /** The address for one of its users. */
  urlOf(user: string): string
  /** What was refused, as `user: command or key`. */
  refused(): Promise<string[]>
}

export async function startRuledRedis(): Promise<RuledRedis> {
  const advised = await adviseRedis()
  const { aclfile = '' } = advised.settings
  const server = await startRedis({ appendonly: true, settings: { aclfile } })
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
      await advised[Symbol.asyncDispose]()
    },
  }
}

/** `reason, command, context, toplevel, object, get, username, ada…` */
function describe(entry: unknown): string {
  const parts = Array.isArray(entry) ? entry.map(String) : []
  const at = (name: string) => parts[parts.indexOf(name) + 1] ?? ''
  return `${at('username')}: ${at('object')}`
}
