import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'

/** Runs a script by its digest, and sends its text only to a Redis that does not know it. */
export async function evaluate(
  redis: Redis,
  script: string,
  keys: readonly string[],
  args: ReadonlyArray<string | number>,
): Promise<unknown> {
  try {
    return await redis.evalsha(digestOf(script), keys.length, ...keys, ...args)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return await redis.eval(script, keys.length, ...keys, ...args)
  }
}

const digests = new Map<string, string>()

function digestOf(script: string): string {
  let digest = digests.get(script)
  if (digest === undefined) {
    digest = createHash('sha1').update(script).digest('hex')
    digests.set(script, digest)
  }
  return digest
}
