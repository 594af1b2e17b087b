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
/** How often the message that came last was heard, and when for the last time. */
let heard = { message: '', times: 0, atMs: 0 }

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

  /**
   * When the last subscriber of this process has heard it, on the clock that all processes of a machine share. Null: not
   * all have. To be asked when it is over: telling by itself would take the processor from those who have yet to hear it.
   */
  heard: (message: string) =>
    heard.message === message && heard.times === subscribers.length ? heard.atMs : null,

  /** Answered when everything that was asked before is under way. */
  ping: () => null,
})

function hear(message: string): void {
  const before = heard.message === message ? heard.times : 0
  heard = { message, times: before + 1, atMs: machineMs() }
}
