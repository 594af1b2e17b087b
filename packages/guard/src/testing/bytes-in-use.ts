import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Of the heap of this process, after everything has been collected that can be. */
export function bytesInUse(): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect !== 'function') throw new TypeError('no garbage collector')
  collect()
  return process.memoryUsage().heapUsed
}
