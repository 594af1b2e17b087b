import { parseArgs } from 'node:util'
import type { RedisWorld } from './world/redis-world.js'

/** What `npm run faults` is asked for. */
export interface Options {
  readonly minutes: number
  readonly seed: number
  readonly profile: RedisWorld['profile']
  /** Breaks each promise on purpose, and tells which check saw it, instead of a random run. */
  readonly mutants: boolean
}

export const USAGE = `npm run faults -- [--minutes 1] [--seed N] [--profile single|sentinel]
npm run faults -- --mutants

Runs real processes under load and faults, and checks every promise on what was seen. The report and the
history are kept under artifacts/faults. Ends with 1 when a promise was broken.`

/** @throws {TypeError} with a sentence */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '1' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
      profile: { type: 'string', default: 'single' },
      mutants: { type: 'boolean', default: false },
    },
  })
  const { profile, mutants } = values
  const minutes = Number(values.minutes)
  const seed = Number(values.seed)
  if (!(minutes > 0)) throw new TypeError('--minutes must be a number above zero')
  if (!Number.isSafeInteger(seed)) throw new TypeError('--seed must be a whole number')
  if (profile !== 'single' && profile !== 'sentinel') {
    throw new TypeError('--profile must be single or sentinel')
  }
  return { minutes, seed, profile, mutants }
}
