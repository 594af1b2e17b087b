import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below the range from which Linux and macOS take the ports of outgoing connections (32768 and 49152). A
 * client that keeps connecting to a stopped server inside that range can be given the server's own port,
 * and connects to itself: then the server can't come back.
 */
const LOWEST = 20_000
const HIGHEST = 32_000
const ATTEMPTS = 50

const given = new Set<number>()

/** A port of this machine that nothing listens on, and that this process has not been given before. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    if (given.has(port)) continue
    given.add(port)
    if (await isFree(port)) return port
  }
  throw new Error(`no free port between ${LOWEST} and ${HIGHEST} in ${ATTEMPTS} attempts`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    // Without a host: every address of the machine, so that localhost is free in both families.
    await once(server.listen(port), 'listening')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false
    throw error
  }
  await once(server.close(), 'close')
  return true
}
