/** A process of some instances: each a guard with its two connections, or a bare subscriber with one. */
import { createGuard, type Guard } from '@curfew/guard'
import { eventually } from '@curfew/testing'
import { Redis } from 'ioredis'
import { machineMs } from '../machine.js'
import { answerQuestions } from '../process.js'

interface Place {
  readonly redisUrl: string
  readonly namespace: string
  readonly leaseMs: number
}

const guards: Guard[] = []
const subscribers: Redis[] = []
/** How many of the subscribers have heard it, by message; and who waits for the last. */
const heard = new Map<string, number>()
const waiting = new Map<string, (atMs: number) => void>()

answerQuestions({
  async mountGuards(count: number, { redisUrl, namespace, leaseMs }: Place) {
    const publicUrl = new URL('http://localhost')
    for (let i = 0; i < count; i++) {
      guards.push(createGuard({ redisUrl, namespace, leaseMs, service: 'bench', publicUrl }))
    }
    await Promise.all(guards.map((guard) => guard.ready()))
    await eventually(() => guards.every((guard) => guard.stats().listening))
  },

  /** Keeps these sessions in the memory of each guard. */
  async remember(cookies: readonly string[]) {
    for (const guard of guards) await Promise.all(cookies.map((cookie) => guard.decide(cookie)))
  },

  async closeGuards() {
    await Promise.all(guards.splice(0).map((guard) => guard.close()))
  },

  /** What is heard on the second channel is answered on the third, each by a connection of its own. */
  async subscribe(count: number, redisUrl: string, channel: string, questions: string, answers: string) {
    for (let i = 0; i < count; i++) {
      const subscriber = new Redis(redisUrl)
      const speaker = new Redis(redisUrl)
      subscribers.push(subscriber)
      subscriber.on('message', (where, message: string) => {
        if (where === questions) void speaker.publish(answers, message)
        else hear(message)
      })
      await speaker.ping()
      await subscriber.subscribe(channel, questions)
    }
  },

  /** When the last subscriber of this process has heard it, on the clock that all processes of a machine share. */
  heard: (message: string) => new Promise<number>((resolve) => waiting.set(message, resolve)),

  /** Answered when everything that was asked before is under way. */
  ping: () => null,
})

function hear(message: string): void {
  const count = (heard.get(message) ?? 0) + 1
  heard.set(message, count)
  if (count < subscribers.length) return
  waiting.get(message)?.(machineMs())
  waiting.delete(message)
  heard.delete(message)
}
