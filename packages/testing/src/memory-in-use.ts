import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What this process holds, without what nobody needs any more. Bytes. */
export function memoryInUse(): NodeJS.MemoryUsage {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect !== 'function') throw new TypeError('no garbage collector')
  collect()
  // Buffers are swept beside us, on a thread that a busy machine may not have run yet: the next collection waits for it.
  collect()
  return process.memoryUsage()
}
