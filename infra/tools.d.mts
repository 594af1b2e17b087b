/** What is looked at on a machine: the folders of PATH, and whether we may install. */
export interface Machine {
  readonly path: string
  readonly isRoot: boolean
  /** Where Debian would have PostgreSQL; `*` stands for a version. */
  readonly postgresOfDebian?: readonly string[]
}

export class ToolMissing extends Error {
  readonly code: 'TOOL_MISSING'
}

/** The path of redis-server, installed first where we may. Throws ToolMissing with a sentence. */
export function ensureRedisServer(machine?: Machine): Promise<string>

/** The path of PostgreSQL's server, installed first where we may. Throws ToolMissing with a sentence. */
export function ensurePostgres(machine?: Machine): Promise<string>

/** The path of Chromium or Chrome, installed first where we may. Throws ToolMissing with a sentence. */
export function ensureChromium(machine?: Machine): Promise<string>

/** Installs Chromium's headless shell where it is not there and we may. Where we may not, it says what that means. */
export function preferHeadlessShell(machine?: Machine): Promise<void>

/** The path of Chromium's headless shell if it is there, or else as ensureChromium. */
export function findHeadlessShell(machine?: Machine): Promise<string>

/** The path of faketime, installed first where we may. Throws ToolMissing with a sentence. */
export function ensureFaketime(machine?: Machine): Promise<string>
