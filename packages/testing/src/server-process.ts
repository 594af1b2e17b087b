import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

/** A running server of a test's own. It ends with this process however that ends. */
export interface ServerProcess {
  signal(signal: NodeJS.Signals): void
  /** Ends it with a signal, and resolves when it has gone, and each process that it had started. */
  end(signal: NodeJS.Signals): Promise<void>
}

export interface ServerProcessOptions {
  readonly program: string
  readonly args: readonly string[]
  /** Where it says that it is ready. */
  readonly speaksOn: 'stdout' | 'stderr'
  /** What it writes when it is ready. */
  readonly readyWhen: string
  /** For the message when it does not start. */
  readonly where: string
  /** A folder that goes with it, however this process ends. */
  readonly temporary: string | null
  /** As whom it runs, where not as whoever runs this. */
  readonly user?: { readonly uid: number; readonly gid: number }
}

export async function launchServer(options: ServerProcessOptions): Promise<ServerProcess> {
  const { program, args, speaksOn, temporary, user } = options
  const child = spawn(program, args, {
    stdio: speaksOn === 'stdout' ? ['ignore', 'pipe', 'inherit'] : ['ignore', 'ignore', 'pipe'],
    ...user,
  })
  await once(child, 'spawn')
  const output = child[speaksOn]
  if (output === null) throw new TypeError(`nothing is heard of ${program}`)
  const guardian = guard(child, temporary)
  try {
    await ready(output, options)
  } catch (error) {
    child.kill('SIGKILL')
    guardian.kill('SIGKILL')
    throw error
  }
  output.resume() // a full pipe would stop it
  letGo(child, output)
  const gone = once(child, 'close') // its children hold its output too: those of a killed PostgreSQL work on for a moment

  return {
    signal: (signal) => void child.kill(signal),
    async end(signal) {
      if (isRunning(child)) {
        child.ref()
        child.kill(signal)
        if (signal !== 'SIGKILL') child.kill('SIGCONT') // a paused one hears nothing else
      }
      if (output instanceof Socket) output.ref()
      await gone
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
async function ready(output: Readable, { program, where, readyWhen }: ServerProcessOptions): Promise<void> {
  const lines: string[] = []
  for await (const line of createInterface(output)) {
    lines.push(line)
    if (line.includes(readyWhen)) return
  }
  throw new Error(`${program} did not start ${where}:\n${lines.join('\n')}`)
}

/** Neither the child nor its pipe keeps a test process alive. */
function letGo(child: ChildProcess, pipe: Readable | Writable | null): void {
  child.unref()
  if (pipe instanceof Socket) pipe.unref()
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}
