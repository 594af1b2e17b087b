import { randomUUID } from 'node:crypto'
import { refOf } from '@curfew/contract'
import { eventually } from '@curfew/testing'
import { z } from 'zod'
import type { Curfew } from '../curfew.js'
import { cookieOf, sessionIdOf } from '../logins.js'
import { digits, table } from '../markdown.js'
import type { Measurement } from '../measurement.js'
import { type Asked, startProcess } from '../process.js'
import { median } from '../statistics.js'
import { rest } from './rest.js'

/**
 * A logout everywhere, of one session and of ten thousand, all of which an instance has in its memory. How
 * long the answer takes, and how long another client of the same Redis waits for a read: until the answer is
 * here, and until the sessions' records have been removed.
 */
export const everywhereLogout: Measurement = {
  name: 'everywhere',
  title: 'A logout everywhere',

  async measure({ scale, curfew, progress }) {
    const { leaseMs, everywhereRounds, everywhereSessions } = scale
    await using instance = await startProcess(new URL('./instances.js', import.meta.url))
    await using probe = await startProcess(new URL('./probe.js', import.meta.url))
    const { redisUrl, namespace } = curfew
    await instance.ask('mountGuards', z.undefined(), 1, { redisUrl, namespace, leaseMs })
    await probe.ask('connect', z.undefined(), redisUrl)

    const ofOne: Logout[] = []
    const ofMany: Logout[] = []
    // The first round warms up.
    for (let round = 0; round <= everywhereRounds; round++) {
      for (const [sessions, logouts] of [
        [1, ofOne],
        [everywhereSessions, ofMany],
      ] as const) {
        progress(`round ${round} of ${everywhereRounds}, ${sessions} sessions`)
        const logout = await logOutEverywhere({ sessions, curfew, instance, probe })
        if (round > 0) logouts.push(logout)
      }
    }
    await instance.ask('closeGuards', z.undefined())
    return report(ofOne, ofMany, everywhereSessions)
  },
}

interface Logout {
  /** Milliseconds each. */
  readonly tookMs: number
  readonly waitedMs: number
  readonly stallMs: number
  readonly stallWhileTidyingMs: number
  readonly tidiedMs: number
}

async function logOutEverywhere({
  sessions,
  curfew,
  instance,
  probe,
}: {
  sessions: number
  curfew: Curfew
  instance: Asked
  probe: Asked
}): Promise<Logout> {
  const { logins, signOffs, redis, keys } = curfew
  const name = `busy-${randomUUID()}`
  const { n: first, record } = await logins.logIn(name)
  await logins.logInMany(sessions - 1, name)
  const numbers = Array.from({ length: sessions }, (_, i) => first + i)
  await instance.ask('remember', z.undefined(), numbers.map(cookieOf))

  // Identity follows the log, to which all these logins went.
  await rest(LOGINS_REST_MS)
  await probe.ask('start', z.undefined())
  const signedOff = await signOffs.signOff(cookieOf(first), 'user')
  const stallMs = await probe.ask('stop', z.number())
  if (signedOff.sessions !== sessions) throw new Error(`${signedOff.sessions} sessions were ended`)

  await probe.ask('start', z.undefined())
  const answeredAt = performance.now()
  const isTidy = async () => (await redis.exists(keys.endedOf(record.user.id, record.generation))) === 0
  await eventually(isTidy, { within: LONGEST_TIDYING_MS, everyMs: LOOK_AGAIN_MS })
  const tidiedMs = performance.now() - answeredAt
  const stallWhileTidyingMs = await probe.ask('stop', z.number())

  // The provider is told of each session: what is measured next begins after that.
  const tokens = numbers.map((n) => keys.tokens(refOf(sessionIdOf(n))))
  await eventually(async () => (await redis.exists(...tokens)) === 0, { within: LONGEST_TIDYING_MS })
  const { tookMs, waitedMs } = signedOff
  return { tookMs, waitedMs, stallMs, stallWhileTidyingMs, tidiedMs }
}

const LOGINS_REST_MS = 3_000
const LONGEST_TIDYING_MS = 120_000
const LOOK_AGAIN_MS = 5

function report(ofOne: readonly Logout[], ofMany: readonly Logout[], sessions: number) {
  const figure = (logouts: readonly Logout[], of: (logout: Logout) => number) => median(logouts.map(of))
  const row = (name: string, of: (logout: Logout) => number) => {
    const [one, many] = [figure(ofOne, of), figure(ofMany, of)]
    return [name, digits(one), digits(many), digits(many / one)]
  }
  const waited = (logout: Logout) => logout.waitedMs
  return {
    markdown: table(
      ['median of ms', '1 session', `${sessions.toLocaleString('en')} sessions`, '×'],
      [
        row('until it is confirmed (the receipt’s `tookMs`)', ({ tookMs }) => tookMs),
        row('until the answer is here, over HTTP', waited),
        row('longest read of another client until then', ({ stallMs }) => stallMs),
        row('longest read while the records are removed', ({ stallWhileTidyingMs }) => stallWhileTidyingMs),
        row('until they are removed, in the background', ({ tidiedMs }) => tidiedMs),
      ],
    ),
    figures: { everywhereLogout10000Over1: figure(ofMany, waited) / figure(ofOne, waited) },
  }
}
