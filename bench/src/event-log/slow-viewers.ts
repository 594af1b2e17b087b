import { connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { createEvent } from '@curfew/contract'
import { createBrowser, eventually, type GivenSession } from '@curfew/testing'
import { z } from 'zod'
import type { Curfew } from '../curfew.js'
import { percentile } from '../statistics.js'
import type { EventsProcess } from './events-process.js'

/** From the moment at which a fact is written into Redis until a viewer that reads has it. Milliseconds. */
export interface Latency {
  readonly p50: number
  readonly p99: number
}

export interface LoadOptions {
  readonly curfew: Curfew
  readonly events: EventsProcess
  readonly session: GivenSession
  /** How many facts. */
  readonly facts: number
}

/** Between one fact and the next: some 200 a second. Milliseconds. */
const PACE_MS = 5

/** A fact that is written here says when that was, on the monotonic clock of this process. */
const OurFact = z.object({ data: z.object({ writtenAtMs: z.number() }) })

/** How long facts take to a viewer that reads, while more come. */
export async function latencyUnderLoad({ curfew, events, session, facts }: LoadOptions): Promise<Latency> {
  await using browser = createBrowser(events.url)
  await browser.setCookie(`${session.cookie}; Path=/`)
  await using stream = await browser.stream('/events/stream')
  await stream.find(({ event }) => event === 'ready')
  const times: number[] = []
  const reading = (async () => {
    for await (const { event, data } of stream) {
      if (event !== 'log') continue
      const ours = OurFact.safeParse(JSON.parse(data))
      // Instances of other measurements come and go, of which the log tells too.
      if (!ours.success) continue
      times.push(performance.now() - ours.data.data.writtenAtMs)
      if (times.length === facts) return
    }
    throw new Error(`the stream ended after ${times.length} of ${facts} facts`)
  })()
  const userAgent = 'x'.repeat(500)
  for (let n = 0; n < facts; n++) {
    const data = { actor: 'ada', userAgent, writtenAtMs: performance.now() }
    const event = createEvent('identity', 'session.created', 'ada', data)
    await curfew.redis.xadd(curfew.keys.log, '*', 'event', JSON.stringify(event))
    await setTimeout(PACE_MS)
  }
  await reading
  return { p50: percentile(times, 50), p99: percentile(times, 99) }
}

/** Viewers that ask for the log from its beginning, and never read. */
export async function openSlowViewers(
  { url }: EventsProcess,
  { cookie }: GivenSession,
  count: number,
): Promise<AsyncDisposable> {
  const { hostname, port } = new URL(url)
  const sockets: Socket[] = []
  for (let n = 0; n < count; n++) {
    const socket = connect(Number(port), hostname)
    sockets.push(socket)
    socket.pause()
    socket.write(
      `GET /events/stream?since=${THE_BEGINNING} HTTP/1.1\r\nHost: ${hostname}\r\nCookie: ${cookie}\r\n\r\n`,
    )
    await eventually(() => socket.bytesWritten > 0 && !socket.pending)
  }
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** The cursor before the first entry. */
const THE_BEGINNING = Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0]).toString('base64url')
