/** A process with one guard, for what its memory holds. Started with --expose-gc. */
import { createGuard, type Guard } from '@curfew/guard'
import { cookieOf } from '../logins.js'
import { answerQuestions } from '../process.js'

/** So many reads at a time. */
const AT_A_TIME = 200

let guard: Guard | undefined

answerQuestions({
  async mount(redisUrl: string, namespace: string, leaseMs: number, maxEntries: number) {
    const publicUrl = new URL('http://localhost')
    guard = createGuard({ redisUrl, namespace, leaseMs, maxEntries, service: 'bench', publicUrl })
    await guard.ready()
  },

  /** Asks about the first `count` sessions. Answers how many are in memory then. */
  async remember(count: number) {
    let next = 0
    const work = async () => {
      while (next < count) await guard?.decide(cookieOf(next++))
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, work))
    return guard?.stats().entries
  },

  /** What is in use after everything has been collected that can be, in bytes. */
  heap() {
    global.gc?.()
    return process.memoryUsage().heapUsed
  },

  /** How long it takes to ask Redis about one session, in milliseconds. */
  async read(n: number) {
    const askedAt = performance.now()
    const decision = await guard?.decide(cookieOf(n))
    const tookMs = performance.now() - askedAt
    if (decision?.kind !== 'session') throw new Error(`session ${n} is ${decision?.kind}`)
    return tookMs
  },

  close: () => guard?.close(),
})
