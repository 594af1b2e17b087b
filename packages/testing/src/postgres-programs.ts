import { execFile } from 'node:child_process'
import { realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

/** Debian keeps each version in a folder of its own, that is in nobody's PATH. */
const FIND = 'command -v postgres || ls -d /usr/lib/postgresql/*/bin/postgres | tail -n 1'

/** The folder of `initdb` and `postgres`: the one of the PATH, or else one of Debian's. */
export async function findPostgresPrograms(): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', FIND])
  const program = stdout.trim()
  if (program === '') throw new Error('PostgreSQL is missing: `npm test` says how to get it')
  return dirname(await realpath(program))
}
