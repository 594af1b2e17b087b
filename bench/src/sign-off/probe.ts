/** The process of another client: it reads one key after the other, and notes the longest that one took. */
import { Redis } from 'ioredis'
import { answerQuestions } from '../process.js'

let redis: Redis | undefined
let probing: Promise<number> | undefined
let stopped = false

answerQuestions({
  async connect(redisUrl: string) {
    redis = new Redis(redisUrl)
    await redis.ping()
  },

  start() {
    stopped = false
    probing = probe()
  },

  /** Answers the longest read since the start, in milliseconds. */
  stop() {
    stopped = true
    return probing
  },
})

async function probe(): Promise<number> {
  let longestMs = 0
  while (!stopped) {
    const askedAt = performance.now()
    await redis?.get('bench:nothing')
    longestMs = Math.max(longestMs, performance.now() - askedAt)
  }
  return longestMs
}
