import type { CommonConfig } from './env.js'
import { exitWith, isForTheOperator, readConfigOrExit } from './exit.js'
import { createLog, type Log } from './log.js'

/** What a command reads at least. */
export type CommandConfig = Pick<CommonConfig, 'INSTANCE' | 'LOG_LEVEL'>

export interface CommandDefinition<Config extends CommandConfig> {
  readonly name: string
  /** @throws {ConfigInvalid} */
  readonly readConfig: (env: NodeJS.ProcessEnv) => Config
  /**
   * Does it, gives everything back, and says what it did.
   *
   * @throws {CommandFailed} with the sentence that is said instead
   */
  readonly run: (config: Config, log: Log) => Promise<string>
}

/**
 * What a `main` calls that does one thing for an operator and ends. What it did is one sentence on standard
 * output; what is wrong is one on standard error, and exit code 1. The log goes to standard error too.
 */
export async function runCommand<Config extends CommandConfig>(
  definition: CommandDefinition<Config>,
): Promise<void> {
  const { name, readConfig, run } = definition
  const config = readConfigOrExit(name, readConfig)
  const log = createLog({
    service: name,
    instance: config.INSTANCE,
    level: config.LOG_LEVEL,
    destination: process.stderr,
  })
  try {
    process.stdout.write(`${await run(config, log)}\n`)
  } catch (error) {
    if (!isForTheOperator(error)) log.error('command.failed', { error })
    exitWith(isForTheOperator(error) ? error.message : `${name} did not succeed, see above`)
  }
}
