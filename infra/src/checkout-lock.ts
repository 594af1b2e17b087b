import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StartFailed } from './start-failed.js'

/**
 * Makes this the only system that runs on a state folder.
 *
 * The lock is a socket in the folder that we listen on: unlike a file with a process id it says by itself
 * whether its holder still lives.
 *
 * @throws {StartFailed} when another one runs
 */
export async function lockStateDir(stateDir: string): Promise<() => Promise<void>> {
  await mkdir(stateDir, { recursive: true })
  const path = socketPath(stateDir)
  const server = createServer((socket) => socket.end())
  try {
    await once(server.listen(path), 'listening')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    if (await somebodyAnswers(path)) {
      throw new StartFailed(
        'Curfew already runs in this checkout. End it there with Ctrl-C, or use that one.',
      )
    }
    await rm(path) // of a start that was killed
    await once(server.listen(path), 'listening')
  }
  server.unref()
  return async () => {
    server.close()
    await once(server, 'close')
  }
}

/** Operating systems allow about a hundred bytes for the path of a socket. */
const LONGEST_PATH = 100

function socketPath(stateDir: string): string {
  const path = join(stateDir, 'start.socket')
  if (Buffer.byteLength(path) <= LONGEST_PATH) return path
  const name = createHash('sha256').update(stateDir).digest('hex').slice(0, 24)
  return join(tmpdir(), `curfew-${name}.socket`)
}

async function somebodyAnswers(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') return false
    throw error
  } finally {
    socket.destroy()
  }
}
