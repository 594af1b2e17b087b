import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { freePort } from './free-port.js'

export interface RedisServerOptions {
  /** Keeps everything in an append-only file, synced always. Off unless told: in memory only. */
  readonly appendonly?: boolean
  readonly port?: number
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
  let running: Running | null = server

  async function end(signal: NodeJS.Signals): Promise<void> {
    const { child, guardian } = running ?? {}
    running = null
    if (child === undefined || guardian === undefined) return
    if (isRunning(child)) {
      child.ref()
      const exit = once(child, 'exit')
      child.kill(signal)
      if (signal !== 'SIGKILL') child.kill('SIGCONT') // a paused one hears nothing else
      await exit
    }
    guardian.kill('SIGKILL')
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
    pause: () => void running?.child.kill('SIGSTOP'),
    resume: () => void running?.child.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await end('SIGKILL')
      await removeFiles()
    },
  }
}

interface Running {
  readonly child: ChildProcess
  readonly guardian: ChildProcess
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

async function launch(
  { appendonly = false }: RedisServerOptions,
  port: number,
  dir: string,
  temporary: string | null,
): Promise<Running> {
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir,
    save: '',
    appendonly: appendonly ? 'yes' : 'no',
    appendfsync: 'always',
  }
  const child = spawn(
    'redis-server',
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(child, 'spawn')
  const guardian = guard(child, temporary)
  try {
    await ready(child.stdout, port)
  } catch (error) {
    guardian.kill('SIGKILL')
    throw error
  }
  child.stdout.resume() // a full pipe would stop it
  letGo(child, child.stdout)
  return { child, guardian }
}

/**
 * Ends the server when this process has ended, also when it was killed: the pipe between them closes then,
 * and the shell goes on from its `read`.
 */
function guard(child: ChildProcess, temporary: string | null): ChildProcess {
  const script = 'read -r _; kill -9 "$1" 2>/dev/null; [ -z "$2" ] || rm -rf "$2"'
  const guardian = spawn('sh', ['-c', script, 'sh', String(child.pid), temporary ?? ''], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // a Ctrl-C reaches the whole group of the terminal: this one has work left then
  })
  letGo(guardian, guardian.stdin)
  return guardian
}

/** Resolves when it accepts connections. */
async function ready(output: Readable, port: number): Promise<void> {
  const lines: string[] = []
  for await (const line of createInterface(output)) {
    lines.push(line)
    if (line.includes('eady to accept connections')) return
  }
  throw new Error(`redis-server did not start on port ${port}:\n${lines.join('\n')}`)
}

/** Neither the child nor its pipe keeps a test process alive. */
function letGo(child: ChildProcess, pipe: Readable | Writable | null): void {
  child.unref()
  if (pipe instanceof Socket) pipe.unref()
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}
