import { cpus, totalmem } from 'node:os'
import type { Redis } from 'ioredis'

/** Milliseconds on the monotonic clock, which is the same for all processes of a machine. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** When and where something was measured, for the head of a table. */
export async function describeMachine(redis: Redis): Promise<string> {
  const [, redisVersion = 'unknown'] = /redis_version:(\S+)/.exec(await redis.info('server')) ?? []
  const memoryGb = Math.round(totalmem() / 2 ** 30)
  const day = new Date().toISOString().slice(0, 10)
  return `${day}, ${cpus().length} × ${cpus()[0]?.model}, ${memoryGb} GB, Node ${process.version}, Redis ${redisVersion}`
}
