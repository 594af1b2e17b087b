import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

/** One running redis-server, of whatever role. It ends with this process however that ends. */
export interface RedisProcess {
  signal(signal: NodeJS.Signals): void
  /** Ends it with a signal, and resolves when it has gone. */
  end(signal: NodeJS.Signals): Promise<void>
}

export interface RedisProcessOptions {
  readonly args: readonly string[]
  /** For the message when it does not start. */
  readonly port: number
  /** What it writes when it is ready. */
  readonly readyWhen: string
  /** A folder that goes with it, however this process ends. */
  readonly temporary: string | null
}

export async function launchRedis(options: RedisProcessOptions): Promise<RedisProcess> {
  const child = spawn('redis-server', options.args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child, 'spawn')
  const guardian = guard(child, options.temporary)
  try {
    await ready(child.stdout, options)
  } catch (error) {
    child.kill('SIGKILL')
    guardian.kill('SIGKILL')
    throw error
  }
  child.stdout.resume() // a full pipe would stop it
  letGo(child, child.stdout)

  return {
    signal: (signal) => void child.kill(signal),
    async end(signal) {
      if (isRunning(child)) {
        child.ref()
        const exit = once(child, 'exit')
        child.kill(signal)
        if (signal !== 'SIGKILL') child.kill('SIGCONT') // a paused one hears nothing else
        await exit
      }
      guardian.kill('SIGKILL')
    },
  }
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
async function ready(output: Readable, { port, readyWhen }: RedisProcessOptions): Promise<void> {
  const lines: string[] = []
  for await (const line of createInterface(output)) {
    lines.push(line)
    if (line.includes(readyWhen)) return
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
