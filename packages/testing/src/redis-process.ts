import { launchServer, type ServerProcess } from './server-process.js'

/** One running redis-server, of whatever role. It ends with this process however that ends. */
export type RedisProcess = ServerProcess

export interface RedisProcessOptions {
  readonly args: readonly string[]
  /** For the message when it does not start. */
  readonly port: number
  /** What it writes when it is ready. */
  readonly readyWhen: string
  /** A folder that goes with it, however this process ends. */
  readonly temporary: string | null
}

export function launchRedis({ port, ...options }: RedisProcessOptions): Promise<RedisProcess> {
  return launchServer({ ...options, program: 'redis-server', speaksOn: 'stdout', where: `on port ${port}` })
}
