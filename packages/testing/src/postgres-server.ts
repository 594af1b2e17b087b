import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { findPostgresPrograms } from './postgres-programs.js'
import { launchServer } from './server-process.js'

export interface PostgresServerOptions {
  /** As in production: what is committed survives a power cut. @default false */
  readonly waitsForDisk?: boolean
}

export interface PostgresServer extends AsyncDisposable {
  /** Makes an empty database, and resolves with its address. */
  createDatabase(): Promise<string>
  /** Kills it as a power cut does. */
  kill(): Promise<void>
  /** Starts it again with its files. */
  restart(): Promise<void>
}

const SUPERUSER = 'curfew'
/** It refuses to be root. This user is on every system, and owns nothing. */
const NOBODY = { uid: 65_534, gid: 65_534 }

/**
 * Starts a PostgreSQL of a test's own, that only hears a socket in its own folder. It ends with this process
 * however that ends. Unless told, it does not wait for the disk, so that it is quick: what it has survives its own
 * death, but not that of the machine.
 */
export async function startPostgres({
  waitsForDisk = false,
}: PostgresServerOptions = {}): Promise<PostgresServer> {
  const programs = await findPostgresPrograms()
  const dir = await mkdtemp(join(tmpdir(), 'curfew-postgres-'))
  const user = process.getuid?.() === 0 ? NOBODY : undefined
  const data = join(dir, 'data')
  const settings = ['listen_addresses=', 'max_connections=50', `fsync=${waitsForDisk ? 'on' : 'off'}`]
  const launch = () =>
    launchServer({
      program: join(programs, 'postgres'),
      args: ['-D', data, '-k', dir, ...settings.flatMap((setting) => ['-c', setting])],
      speaksOn: 'stderr',
      readyWhen: 'ready to accept connections',
      where: `in ${dir}`,
      temporary: dir,
      ...(user && { user }),
    })
  const addressOf = (database: string) =>
    `postgres://${SUPERUSER}@localhost/${database}?host=${encodeURIComponent(dir)}`

  try {
    if (user !== undefined) await chown(dir, user.uid, user.gid)
    const args = ['-D', data, '-U', SUPERUSER, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
    await promisify(execFile)(join(programs, 'initdb'), args, user)
    let server = await launch()

    return {
      async createDatabase() {
        const name = `t${randomBytes(6).toString('hex')}`
        const client = new pg.Client({ connectionString: addressOf('postgres') })
        await client.connect()
        try {
          await client.query(`CREATE DATABASE ${name}`)
        } finally {
          await client.end()
        }
        return addressOf(name)
      },
      kill: () => server.end('SIGKILL'),
      async restart() {
        server = await launch()
      },
      async [Symbol.asyncDispose]() {
        await server.end('SIGINT') // ends what is under way; the children of a killed one live on for a moment
        await rm(dir, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await rm(dir, { recursive: true, force: true })
    throw error
  }
}

let shared: Promise<PostgresServer> | undefined

/** The address of an empty database, in this process's own PostgreSQL, which starts on first use. */
export async function postgresUrl(): Promise<string> {
  shared ??= startPostgres()
  return (await shared).createDatabase()
}
