import { keysOf } from '@curfew/contract'
import { eventually } from '@curfew/testing'
import { Redis } from 'ioredis'

/**
 * Listens for who joins, from now on. An instance acknowledges what it has joined at, a moment after it follows:
 * who listens to a guard's acknowledgements before that was said may hear it among those of sign-offs.
 */
export async function listenForJoining(redisUrl: string, namespace: string) {
  const ears = new Redis(redisUrl)
  const joined = new Set<string>()
  ears.on('message', (_channel, message: string) => joined.add(message.split(' ', 1).join()))
  await ears.subscribe(keysOf(namespace).channels.acknowledgements)
  return {
    /** Resolves once the instance has said it. */
    async by(instance: string): Promise<void> {
      await eventually(() => joined.has(instance))
      ears.disconnect()
    },
  }
}
