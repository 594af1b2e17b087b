import { createGuard } from '@curfew/guard'
import { cookieOf } from '../logins.js'
import { digits } from '../markdown.js'
import type { Measurement } from '../measurement.js'
import { best, median } from '../statistics.js'

const ROUNDS = 9
const SESSIONS = 1_000

/** The decision alone, again and again about a thousand sessions in turn: what a hot processor makes of it. */
export const decisionCost: Measurement = {
  name: 'decision',
  title: 'The decision alone',

  async measure({ scale, curfew, progress }) {
    const { leaseMs, decisions } = scale
    const { redisUrl, namespace, logins } = curfew
    progress(`deciding about ${SESSIONS} sessions`)
    const first = await logins.logInMany(SESSIONS)
    const publicUrl = new URL('http://localhost')
    const guard = createGuard({ redisUrl, namespace, leaseMs, service: 'bench', publicUrl })
    await guard.ready()
    const cookies = Array.from({ length: SESSIONS }, (_, i) => cookieOf(first + i))
    for (const cookie of cookies) await guard.decide(cookie)

    const rounds = Array.from({ length: ROUNDS }, () => {
      const startedAt = performance.now()
      for (let i = 0; i < decisions; i++) guard.decide(cookies[i % SESSIONS])
      return ((performance.now() - startedAt) * 1e6) / decisions
    })
    const { misses } = guard.stats()
    await guard.close()
    if (misses > SESSIONS) throw new Error(`${misses - SESSIONS} decisions were not from memory`)
    return {
      markdown: `A decision from memory takes ${digits(median(rounds))} ns (median of ${ROUNDS} rounds; the best ${digits(best(rounds))} ns).`,
      figures: { decisionNs: median(rounds) },
    }
  },
}
