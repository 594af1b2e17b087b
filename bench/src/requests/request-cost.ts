import { startRedis } from '@curfew/testing'
import { z } from 'zod'
import { digits, table } from '../markdown.js'
import type { Measurement, Progress } from '../measurement.js'
import { type Asked, startProcess } from '../process.js'
import { best, mean, median, percentile } from '../statistics.js'
import type { Surroundings } from './contender.js'

/**
 * In the order of the table; the first is what all are compared with. Two processes of the same program
 * differ by some percent for as long as they live, so the two that matter have several.
 */
const CONTENDERS: readonly Entry[] = [
  { name: 'bare Koa', matters: true, requests: 500 },
  { name: 'Koa, guard', matters: true, requests: 500 },
  { name: 'Koa, jose HS256', matters: false, requests: 300 },
  { name: 'Koa, jose RS256', matters: false, requests: 300 },
  { name: 'Koa, jose ES256', matters: false, requests: 300 },
  { name: 'Koa, jose EdDSA', matters: false, requests: 300 },
  { name: 'Koa, koa-session', matters: false, requests: 300 },
  { name: 'bare Express', matters: false, requests: 300 },
  { name: 'Express, express-session', matters: false, requests: 300 },
]

interface Entry {
  readonly name: string
  readonly matters: boolean
  /** That are sent to each of its processes in each round. */
  readonly requests: number
}

const CONNECTIONS = 32

/**
 * CPU time (user and system) that a server spends on a request. In turns, some hundred requests at a time, so
 * that what disturbs the machine disturbs all alike; a ratio is that of a round.
 */
export const requestCost: Measurement = {
  name: 'requests',
  title: 'CPU of a request',

  async measure({ scale, curfew, progress }) {
    const { requestRounds, requestProcesses, warmUpRequests } = scale
    await using redis = await startRedis()
    const { redisUrl, namespace } = curfew
    const surroundings = { redisUrl: redis.url, curfew: { redisUrl, namespace } }
    await using load = await startProcess(new URL('./load.js', import.meta.url))
    await using servers = await startServers({ surroundings, load, requestProcesses, progress })

    for (const { entry, port } of servers.all) {
      progress(`warming up ${entry.name}`)
      await load.ask('load', z.undefined(), port, warmUpRequests)
    }
    for (let round = 1; round <= requestRounds; round++) {
      progress(`round ${round} of ${requestRounds}`)
      for (const server of servers.all) await server.measure()
    }
    return report(servers.all)
  },
}

type Server = Awaited<ReturnType<typeof startServer>>

async function startServers({
  surroundings,
  load,
  requestProcesses,
  progress,
}: {
  surroundings: Surroundings
  load: Asked
  requestProcesses: number
  progress: Progress
}) {
  progress('starting the servers')
  const entries = CONTENDERS.flatMap((entry) =>
    Array.from({ length: entry.matters ? requestProcesses : 1 }, () => entry),
  )
  const all = await Promise.all(entries.map((entry) => startServer(entry, surroundings, load)))
  return {
    all,
    async [Symbol.asyncDispose]() {
      for (const { process } of all) await process[Symbol.asyncDispose]()
    },
  }
}

const Started = z.object({ port: z.number(), headers: z.array(z.string()) })

async function startServer(entry: Entry, surroundings: Surroundings, load: Asked) {
  const process = await startProcess(new URL('./server.js', import.meta.url))
  const { port, headers } = await process.ask('start', Started, entry.name, CONNECTIONS, surroundings)
  await load.ask('connect', z.undefined(), port, headers)
  /** Of each round: microseconds of CPU for a request, and the share of a core that it was busy. */
  const costs: number[] = []
  const busy: number[] = []

  return {
    entry,
    process,
    port,
    costs,
    busy,
    async measure() {
      const before = await process.ask('cpuUs', z.number())
      const startedAt = performance.now()
      await load.ask('load', z.undefined(), port, entry.requests)
      const tookUs = (performance.now() - startedAt) * 1_000
      const usedUs = (await process.ask('cpuUs', z.number())) - before
      costs.push(usedUs / entry.requests)
      busy.push(usedUs / tookUs)
    },
  }
}

function report(servers: readonly Server[]) {
  const contenders = CONTENDERS.map(({ name }) => {
    const own = servers.filter(({ entry }) => entry.name === name)
    return {
      name,
      // Processes of one program count together.
      costs: (own[0]?.costs ?? []).map((_, round) =>
        mean(own.map(({ costs }) => costs[round] ?? Number.NaN)),
      ),
      busy: own.flatMap(({ busy }) => busy),
    }
  })
  const [bare] = contenders
  if (bare === undefined) throw new TypeError('there is nothing to compare with')

  const rows = contenders.map(({ name, costs, busy }) => {
    const ratios = costs.map((cost, round) => cost / (bare.costs[round] ?? Number.NaN))
    return {
      name,
      ratio: median(ratios),
      cells: [
        digits(median(costs)),
        digits(best(costs)),
        digits(median(ratios)),
        `${digits(percentile(ratios, 25))} to ${digits(percentile(ratios, 75))}`,
        `${Math.round(100 * median(busy))} %`,
      ],
    }
  })
  return {
    markdown: table(
      ['server', 'median µs', 'best µs', '× bare Koa', 'half of the rounds', 'its core is busy'],
      rows.map(({ name, cells }) => [name, ...cells]),
    ),
    figures: {
      guardOverBareKoa: rows.find(({ name }) => name === 'Koa, guard')?.ratio ?? Number.NaN,
      overBareKoa: Object.fromEntries(rows.map(({ name, ratio }) => [name, ratio])),
    },
  }
}
