import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.js'
import { launchRedis, type RedisProcess } from './redis-process.js'

export interface RedisServerOptions {
  /** Keeps everything in an append-only file, synced always. Off unless told: in memory only. */
  readonly appendonly?: boolean
  readonly port?: number
  /** More settings, as in redis.conf. */
  readonly settings?: Readonly<Record<string, string>>
  /** Where its files are. A new folder unless told, which is removed at the end. */
  readonly dir?: string
}

export interface RedisServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly dir: string
  /** Asks it to stop, as an operator does: what is to be kept is kept. */
  stop(): Promise<void>
  /** Kills it as a power cut does. */
  kill(): Promise<void>
  /** Stops it where it still runs, and starts it again on its port with its files. */
  restart(): Promise<void>
  /** Freezes it: connections stay, nothing is answered. */
  pause(): void
  resume(): void
}

const STARTING_ATTEMPTS = 5

/** Starts a redis-server of a test's own. It ends with this process however that ends. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'curfew-redis-')))
  const temporary = options.dir === undefined ? dir : null
  const removeFiles = async () => temporary && (await rm(temporary, { recursive: true, force: true }))
  const { port, server } = await startSomewhere(options, dir, temporary).catch(async (error: unknown) => {
    await removeFiles()
    throw error
  })
  let running: RedisProcess | null = server

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = running
    running = null
    await ending?.end(signal)
  }

  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    dir,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM')
      running = await launch(options, port, dir, temporary)
    },
    pause: () => void running?.signal('SIGSTOP'),
    resume: () => void running?.signal('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await end('SIGKILL')
      await removeFiles()
    },
  }
}

/** Between looking for a free port and listening on it, somebody else may take it. */
async function startSomewhere(options: RedisServerOptions, dir: string, temporary: string | null) {
  if (options.port !== undefined) {
    return { port: options.port, server: await launch(options, options.port, dir, temporary) }
  }
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    try {
      return { port, server: await launch(options, port, dir, temporary) }
    } catch (error) {
      const taken = error instanceof Error && error.message.includes('Address already in use')
      if (!taken || attempt === STARTING_ATTEMPTS) throw error
    }
  }
}

/** The arguments of a server with these settings. */
function launch(
  { appendonly = false, settings = {} }: RedisServerOptions,
  port: number,
  dir: string,
  temporary: string | null,
): Promise<RedisProcess> {
  const all = {
    port: String(port),
    bind: '127.0.0.1',
    dir,
    save: '',
    appendonly: appendonly ? 'yes' : 'no',
    appendfsync: 'always',
    ...settings,
  }
  const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, ...value.split(' ')])
  return launchRedis({ args, port, readyWhen: 'eady to accept connections', temporary })
}
