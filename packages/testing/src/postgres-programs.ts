import { access, constants, readdir, realpath } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'

/** Debian keeps each version in a folder of its own, that is in nobody's PATH. */
const DEBIAN = '/usr/lib/postgresql'

/** The folder of `initdb` and `postgres`: the one of the PATH, or else the newest of Debian's. */
export async function findPostgresPrograms(path = process.env['PATH'] ?? ''): Promise<string> {
  const versions = await readdir(DEBIAN).catch(() => [])
  const newestFirst = versions.toSorted((a, b) => Number(b) - Number(a))
  const folders = [...path.split(delimiter), ...newestFirst.map((version) => join(DEBIAN, version, 'bin'))]
  for (const folder of folders) {
    const program = join(folder, 'postgres')
    if (await isExecutable(program)) return dirname(await realpath(program))
  }
  throw new Error('PostgreSQL is missing: the test runner says how to get it')
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}
