import { Redis } from 'ioredis'
import { z } from 'zod'
import type { Curfew } from '../curfew.js'
import { machineMs } from '../machine.js'
import { startProcess } from '../process.js'
import type { CrowdSize } from '../scale.js'
import { REST_MS, rest } from './rest.js'

const CHANNEL = 'bench:raw'
const QUESTIONS = 'bench:questions'
const ANSWERS = 'bench:answers'
const DURABLE = 'bench:durable'

const MOST_LOOKS = 100

/** As many guards as bare subscribers, in the same processes. */
export interface Crowd extends AsyncDisposable {
  /** Resolves once everybody has done what came before. */
  settle(): Promise<void>
  /** One durable write and a bare publish, sent together: until the last subscriber has heard it. Milliseconds. */
  publish(): Promise<number>
  /** The same, and each of them publishes an answer: until the last answer is here. Milliseconds. */
  publishAndBack(): Promise<number>
}

export async function gatherCrowd(
  { redis, redisUrl, namespace }: Curfew,
  { instances, processes: count }: CrowdSize,
  leaseMs: number,
): Promise<Crowd> {
  const module = new URL('./instances.js', import.meta.url)
  const processes = await Promise.all(Array.from({ length: count }, () => startProcess(module)))
  const place = { redisUrl, namespace, leaseMs }
  await Promise.all(
    processes.map(async (process, i) => {
      const share = Math.ceil((instances - i) / count)
      await process.ask('mountGuards', z.undefined(), share, place)
      await process.ask('subscribe', z.undefined(), share, redisUrl, CHANNEL, QUESTIONS, ANSWERS)
    }),
  )
  let published = 0
  const ears = new Redis(redisUrl)
  await ears.subscribe(ANSWERS)

  async function settle(): Promise<void> {
    await Promise.all(processes.map((process) => process.ask('ping', z.null())))
  }

  /** As before a sign-off is decided: everybody has rested, but a session has just been read, so that Redis is awake. */
  async function getReady(): Promise<void> {
    await settle()
    await rest()
    await redis.get(DURABLE)
  }

  /** When the last one heard it. Nobody is asked before it is over: a hundred processes had all heard it in 84 ms 99 times of 100. */
  async function heardByAll(message: string): Promise<number> {
    for (let looks = 0; looks < MOST_LOOKS; looks++) {
      await rest(REST_MS + 3 * count)
      const times = await Promise.all(
        processes.map((process) => process.ask('heard', z.number().nullable(), message)),
      )
      const heard = times.filter((atMs) => atMs !== null)
      if (heard.length === count) return Math.max(...heard)
    }
    throw new Error('a subscriber has not heard what was published')
  }

  return {
    settle,
    async publish() {
      const message = String(++published)
      await getReady()

      const startedAt = machineMs()
      await redis.pipeline().set(DURABLE, message).publish(CHANNEL, message).exec()
      return (await heardByAll(message)) - startedAt
    },
    async publishAndBack() {
      const message = String(++published)
      let missing = instances
      const answered = new Promise<number>((resolve) => {
        ears.on('message', function hear() {
          if (--missing > 0) return
          resolve(performance.now())
          ears.off('message', hear)
        })
      })

      await getReady()
      const startedAt = performance.now()
      await redis.pipeline().set(DURABLE, message).publish(QUESTIONS, message).exec()
      return (await answered) - startedAt
    },
    async [Symbol.asyncDispose]() {
      ears.disconnect()
      for (const process of processes) {
        await process.ask('closeGuards', z.undefined())
        await process[Symbol.asyncDispose]()
      }
    },
  }
}
