import { z } from 'zod'
import type { Curfew } from '../curfew.js'
import { machineMs } from '../machine.js'
import { startProcess } from '../process.js'
import { rest } from './rest.js'

/** So many processes at the most hold the instances: a hundred would be more than a small machine can run. */
export const MOST_PROCESSES = 4

const CHANNEL = 'bench:raw'
const DURABLE = 'bench:durable'

/** As many guards as bare subscribers, spread over a few processes in the same way. */
export interface Crowd extends AsyncDisposable {
  readonly processes: number
  /** One durable write and a bare publish, sent together: until the last subscriber has heard it. Milliseconds. */
  publish(): Promise<number>
}

export async function gatherCrowd(
  { redis, redisUrl, namespace }: Curfew,
  instances: number,
  leaseMs: number,
): Promise<Crowd> {
  const module = new URL('./instances.js', import.meta.url)
  const count = Math.min(instances, MOST_PROCESSES)
  const processes = await Promise.all(Array.from({ length: count }, () => startProcess(module)))
  const place = { redisUrl, namespace, leaseMs }
  await Promise.all(
    processes.map(async (process, i) => {
      const share = Math.ceil((instances - i) / count)
      await process.ask('mountGuards', z.undefined(), share, place)
      await process.ask('subscribe', z.undefined(), share, redisUrl, CHANNEL)
    }),
  )
  let published = 0

  return {
    processes: processes.length,
    async publish() {
      const message = String(++published)
      const heard = processes.map((process) => process.ask('heard', z.number(), message))
      await Promise.all(processes.map((process) => process.ask('ping', z.null())))
      await rest()

      const startedAt = machineMs()
      await redis.pipeline().set(DURABLE, message).publish(CHANNEL, message).exec()
      return Math.max(...(await Promise.all(heard))) - startedAt
    },
    async [Symbol.asyncDispose]() {
      for (const process of processes) {
        await process.ask('closeGuards', z.undefined())
        await process[Symbol.asyncDispose]()
      }
    },
  }
}
