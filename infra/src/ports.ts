import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { REFUSED_PORTS } from './refused-ports.js'
import { StartFailed } from './start-failed.js'

/** How far from the gateway's port each process listens. */
const OFFSETS = {
  gateway: 0,
  identity: 1,
  events: 2,
  'projects-1': 11,
  'projects-2': 12,
  provider: 20,
  redis: 379,
} as const

export type ProcessName = keyof typeof OFFSETS
export type Ports = Readonly<Record<ProcessName, number>>

const DEFAULT_BASE_PORT = 4000

export function portsFrom(basePort: number): Ports {
  return mapOffsets((offset) => basePort + offset)
}

/** The base port that `CURFEW_PORT` asks for. */
export function readBasePort(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_BASE_PORT
  const port = Number(text)
  const highest = 65_535 - OFFSETS.redis
  if (Number.isInteger(port) && port > 0 && port <= highest) return port
  throw new StartFailed(
    `CURFEW_PORT must be a whole number from 1 to ${highest} (the highest port is ${OFFSETS.redis} above it), ` +
      `and it is ${JSON.stringify(text)}.`,
  )
}

/**
 * Ports that nothing listens on, for systems side by side. They are this process's until it ends: its own processes listen
 * only a while later, and somebody else may be looking for some in the same moment.
 *
 * They lie below the range from which operating systems take the ports of outgoing connections: there, a port
 * that is free now may be somebody's other end before the process listens.
 */
export async function freePorts(): Promise<Ports> {
  for (;;) {
    const first = FIRST_FREE + BLOCK * Math.floor(Math.random() * BLOCKS)
    if (!(await reserve(first + BLOCK - 1))) continue
    const ports = portsFrom(first)
    const findings = await Promise.all(Object.values(ports).map(obstacleAt))
    if (findings.every((obstacle) => obstacle === undefined)) return ports
  }
}

/** Above all ports that browsers, and fetch, refuse to open. */
export const FIRST_FREE = 10_110
/** No two blocks share a port, though that of Redis lies in another one; and nobody listens on the last of each. */
const BLOCK = 30
const BLOCKS = 290

/** Whether this process is the first to listen there. */
async function reserve(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    server.unref()
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false
    throw error
  }
}

export interface Wish {
  readonly name: string
  readonly port: number
  /** Whoever has one of http is opened by fetch, and most also by browsers. */
  readonly address: string
}

/**
 * Checks, before anything is started, that every process will get its port, and can be reached there.
 *
 * @param patienceMs how long a port may stay taken: processes of a start that was killed are still ending
 * @throws {StartFailed} that names the port and who wanted it
 */
export async function requirePorts(wishes: readonly Wish[], patienceMs: number): Promise<void> {
  const deadline = performance.now() + patienceMs
  for (const { name, port, address } of wishes) {
    const isRefused = address.startsWith('http:') && REFUSED_PORTS.has(port)
    let obstacle: Obstacle | undefined = isRefused ? 'refused' : await obstacleAt(port)
    while (obstacle === 'taken' && performance.now() < deadline) {
      await pause(LOOK_AGAIN_MS)
      obstacle = await obstacleAt(port)
    }
    if (obstacle !== undefined) {
      throw new StartFailed(
        `Port ${port}, which ${name} needs, ${SENTENCES[obstacle]}: CURFEW_PORT=4500 npm start.`,
      )
    }
  }
}

type Obstacle = 'taken' | 'forbidden' | 'refused'

const LOOK_AGAIN_MS = 100

const SENTENCES: Record<Obstacle, string> = {
  taken: 'is in use. End what holds it, or move all ports',
  forbidden: 'may not be used without more rights. Move all ports',
  refused: 'is one that browsers refuse to open. Move all ports',
}

async function obstacleAt(port: number): Promise<Obstacle | undefined> {
  for (const host of ['127.0.0.1', '::1']) {
    const server = createServer()
    try {
      await once(server.listen(port, host), 'listening')
      await once(server.close(), 'close')
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code === 'EADDRINUSE') return 'taken'
      if (code === 'EACCES') return 'forbidden'
      // A machine without IPv6 has no ::1 that could be taken.
      if (code !== 'EADDRNOTAVAIL' && code !== 'EAFNOSUPPORT') throw error
    }
  }
  return undefined
}

function mapOffsets(portOf: (offset: number) => number): Ports {
  return {
    gateway: portOf(OFFSETS.gateway),
    identity: portOf(OFFSETS.identity),
    events: portOf(OFFSETS.events),
    'projects-1': portOf(OFFSETS['projects-1']),
    'projects-2': portOf(OFFSETS['projects-2']),
    provider: portOf(OFFSETS.provider),
    redis: portOf(OFFSETS.redis),
  }
}
