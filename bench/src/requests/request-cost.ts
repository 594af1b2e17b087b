import { startRedis } from '@curfew/testing'
import { z } from 'zod'
import { digits, table } from '../markdown.js'
import type { Measurement, Progress } from '../measurement.js'
import { type Asked, startProcess } from '../process.js'
import { mean, median, percentile } from '../statistics.js'
import type { Surroundings } from './contender.js'

/**
 * In the order of the table; the first is what all are compared with. Two processes of the same program
 * differ by some percent for as long as they live, so those that matter have several.
 */
const CONTENDERS: readonly Entry[] = [
  { name: 'bare Koa', matters: true, requests: 1_000 },
  { name: 'Koa, idle middleware', matters: true, requests: 1_000 },
  { name: 'Koa, guard', matters: true, requests: 1_000 },
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
 * that what disturbs the machine disturbs all alike.
 */
export const requestCost: Measurement = {
  name: 'requests',
  title: 'CPU of a request',

  async measure({ scale, curfew, progress }) {
    const { requestRounds, requestProcesses, requestWarmUpRounds: warmUpRounds } = scale
    await using redis = await startRedis()
    const { redisUrl, namespace } = curfew
    const surroundings = { redisUrl: redis.url, curfew: { redisUrl, namespace } }
    await using load = await startProcess(new URL('./load.js', import.meta.url))
    await using servers = await startServers({ surroundings, load, requestProcesses, progress })

    for (const { entry, port } of servers.all) {
      progress(`warming up ${entry.name}`)
      await load.ask('load', z.undefined(), port, entry.requests * warmUpRounds)
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
  const turns = Array.from({ length: requestProcesses }, (_, turn) =>
    CONTENDERS.filter(({ matters }) => matters || turn % 3 === 0),
  )
  const entries = turns.flat()
  const all = await Promise.all(entries.map((entry) => startServer(entry, surroundings, load)))
  return {
    all,
    async [Symbol.asyncDispose]() {
      for (const { process } of all) {
        await process.ask('leave', z.undefined())
        await process[Symbol.asyncDispose]()
      }
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
      // Others have used the processor's caches meanwhile.
      await load.ask('load', z.undefined(), port, entry.requests / 5)
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

/** What disturbs a round only ever makes it dearer, so its cheap rounds tell most about a program. */
const UNDISTURBED = 10

function report(servers: readonly Server[]) {
  const contenders = CONTENDERS.map(({ name }) => {
    const own = servers.filter(({ entry }) => entry.name === name)
    const each = own.map(({ costs }) => percentile(costs, UNDISTURBED))
    return {
      name,
      each,
      undisturbed: mean(each),
      median: mean(own.map(({ costs }) => median(costs))),
      busy: median(own.flatMap(({ busy }) => busy)),
    }
  })
  const [bare] = contenders
  if (bare === undefined) throw new TypeError('there is nothing to compare with')

  const ratios = Object.fromEntries(
    contenders.map(({ name, undisturbed }) => [name, undisturbed / bare.undisturbed]),
  )
  return {
    markdown: [
      table(
        ['server', 'µs', '× bare Koa', 'its processes', 'median µs', '× bare Koa', 'busy'],
        contenders.map(({ name, undisturbed, each, busy, ...contender }) => [
          name,
          digits(undisturbed),
          ratio(undisturbed / bare.undisturbed),
          `${ratio(Math.min(...each) / bare.undisturbed)} to ${ratio(Math.max(...each) / bare.undisturbed)}`,
          digits(contender.median),
          ratio(contender.median / bare.median),
          `${Math.round(100 * busy)} %`,
        ]),
      ),
      '',
      'The first figures are of the cheapest tenth of the rounds. Busy: how much of a core a server used while it was asked; far below 100 % something else was the limit.',
    ].join('\n'),
    figures: { guardOverBareKoa: ratios['Koa, guard'] ?? Number.NaN, overBareKoa: ratios },
  }
}

function ratio(value: number): string {
  return value.toFixed(value < 2 ? 3 : 1)
}
