import { Command, type Redis } from 'ioredis'

/**
 * Sends a command that Redis does not answer (`CLIENT REPLY SKIP`). Where nobody waits for an answer, it would only be one
 * write more for Redis, and wake a process that has nothing to do.
 *
 * ioredis awaits an answer to everything that goes through its queue, so this goes past it: only on a connection of which
 * `mayGoUnanswered` has resolved with true, and on which no answer matters, since a refusal would be taken for one.
 */
export function sendUnanswered({ stream }: Redis, name: string, args: Array<string | number>): void {
  // Of text alone there is a string. By one write: joining two takes a tenth of all that an instance does for a sign-off.
  stream.write(`${SKIP}${new Command(name, args).toWritable(stream)}`)
}

const SKIP = ['*3', '$6', 'CLIENT', '$5', 'REPLY', '$4', 'SKIP', ''].join('\r\n')

/**
 * Whether Redis lets this connection do that, also after it has subscribed: not before RESP3, and not without the right to
 * `CLIENT REPLY`.
 */
export async function mayGoUnanswered(redis: Redis): Promise<boolean> {
  try {
    return (await redis.client('REPLY', 'ON')) === 'OK'
  } catch {
    return false
  }
}
