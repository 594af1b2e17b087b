import { ConfigInvalid } from './env.js'
import { CannotListen } from './listen.js'
import { RedisUnreachable } from './redis.js'

/** Reads the environment of this process. What is wrong with it is one line each, and exit code 1. */
export function readConfigOrExit<Config>(
  name: string,
  readConfig: (env: NodeJS.ProcessEnv) => Config,
): Config {
  try {
    return readConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigInvalid)) throw error
    exitWith(error.problems.map((line) => `${name}: ${line}`).join('\n'))
  }
}

/** A command found what it was to find out, or could not: a sentence for whoever called it. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
}

/** Errors whose message is a sentence that says what to do. */
export const isForTheOperator = (error: unknown): error is Error =>
  error instanceof CannotListen ||
  error instanceof CommandFailed ||
  error instanceof RedisUnreachable ||
  error instanceof ConfigInvalid

export function exitWith(sentence: string): never {
  process.stderr.write(`${sentence}\n`)
  process.exit(1)
}
