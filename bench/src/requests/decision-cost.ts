import { createGuard } from '@curfew/guard'
import { startCurfew } from '../curfew.js'
import { cookieOf } from '../logins.js'
import { digits } from '../markdown.js'
import type { Measurement } from '../measurement.js'
import { best, median } from '../statistics.js'

const ROUNDS = 5
const SESSIONS = 1_000

/** The decision alone, again and again, each time about a header that was not seen before: no server, no parsing. */
export const decisionCost: Measurement = {
  name: 'decision',
  title: 'The decision alone',

  async measure({ leaseMs, decisions }, progress) {
    await using curfew = await startCurfew({ leaseMs })
    const { redisUrl, namespace, logins } = curfew
    progress(`deciding about ${SESSIONS} sessions`)
    await logins.logInMany(0, SESSIONS)
    const guard = createGuard({
      redisUrl,
      namespace,
      leaseMs,
      service: 'bench',
      publicUrl: new URL('http://localhost'),
    })
    await guard.ready()
    const cookies = Array.from({ length: SESSIONS }, (_, n) => Buffer.from(cookieOf(n)))
    for (const cookie of cookies) await guard.decide(cookie.toString('latin1'))

    // A header arrives as bytes: making a string of them is not the decision's, so that is measured without one too.
    const decide = (header: string) => guard.decide(header)
    const ignore = (header: string) => header
    const rounds = Array.from({ length: ROUNDS }, () => {
      const [withDecision, without] = [nsEach(cookies, decisions, decide), nsEach(cookies, decisions, ignore)]
      return withDecision - without
    })
    await guard.close()
    return {
      markdown: `A decision from memory: ${digits(median(rounds))} ns (best of ${ROUNDS} rounds: ${digits(best(rounds))} ns).`,
      figures: { decisionNs: median(rounds) },
    }
  },
}

function nsEach(cookies: readonly Buffer[], times: number, work: (header: string) => unknown): number {
  const startedAt = performance.now()
  for (let i = 0; i < times; i++) {
    const cookie = cookies[i % cookies.length]
    if (cookie !== undefined) work(cookie.toString('latin1'))
  }
  return ((performance.now() - startedAt) * 1e6) / times
}
