import { z } from 'zod'
import type { Curfew } from '../curfew.js'
import { type Asked, startProcess } from '../process.js'

/** A process with a guard that keeps so many sessions at the most. */
export async function startReader(
  { redisUrl, namespace }: Curfew,
  leaseMs: number,
  maxEntries: number,
): Promise<Asked> {
  const process = await startProcess(new URL('./cached-sessions.js', import.meta.url), ['--expose-gc'])
  await process.ask('mount', z.undefined(), redisUrl, namespace, leaseMs, maxEntries)
  return process
}
