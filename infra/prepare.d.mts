/** Checks the Node version, and installs the dependencies where they are missing or older than the lockfile. */
export function prepare(): Promise<void>

/** Compiles everything (`tsc -b`: only what changed), and bundles the console. */
export function build(): Promise<void>

/** Throws PrepareFailed when `version` is older than `minimum`, each like `20.9.1`. */
export function requireNode(minimum: string, version: string): void

export class PrepareFailed extends Error {
  readonly code: 'PREPARE_FAILED'
}
