import { fork } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { z } from 'zod'

export interface GuardedService extends AsyncDisposable {
  /** The name of its instance, as it is in receipts. */
  readonly instance: string
  /** Asks who is calling. Resolves with 200, 401 or 503. */
  ask(cookie: string): Promise<number>
  /** Sends the same, and resolves when the request waits in the socket; later it has the answer. */
  send(cookie: string): Promise<{ readonly answer: Promise<number> }>
  /** Stops the process where it stands. */
  pause(): void
  resume(): void
}

export interface GuardedServiceOptions {
  readonly redisUrl: string
  readonly namespace: string
  readonly leaseMs: number
}

/** A service that mounts a guard, in a process of its own, which is killed at the end of its scope. */
export async function startGuardedService(options: GuardedServiceOptions): Promise<GuardedService> {
  const { redisUrl, namespace, leaseMs } = options
  const file = new URL('./guarded-process.js', import.meta.url)
  const child = fork(file, [redisUrl, namespace, String(leaseMs)])
  const { port, instance } = Ready.parse((await once(child, 'message'))[0])

  async function send(cookie: string) {
    const sent = request({ port, agent: false, headers: { cookie } })
    const answer = once(sent, 'response').then(([response]) => Answer.parse(response).statusCode)
    sent.end()
    await once(sent, 'finish')
    return { answer }
  }

  return {
    instance,
    send,
    ask: async (cookie) => (await send(cookie)).answer,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}

const Ready = z.object({ port: z.number(), instance: z.string() })
const Answer = z.object({ statusCode: z.number() })
