import { z } from 'zod'
import type { Curfew } from '../curfew.js'
import { digits, table } from '../markdown.js'
import type { Progress } from '../measurement.js'
import type { Scale } from '../scale.js'
import { signOffAlone } from '../sign-off/sign-off-alone.js'
import { median, percentile } from '../statistics.js'
import { startReader } from './reader.js'

const ACTIONS = ['login', 'read', 'signOff'] as const
type Times = Readonly<Record<(typeof ACTIONS)[number], number[]>>

/** Whether a login, a read and a sign-off take longer in a Redis with many sessions: each in both, in turns. */
export async function compareAmongFewAndMany(
  few: Curfew,
  many: Curfew,
  { leaseMs, storedSessions, tries }: Scale,
  progress: Progress,
) {
  await using readerOfFew = await startReader(few, leaseMs, 1)
  await using readerOfMany = await startReader(many, leaseMs, 1)
  const [ofFew, ofMany] = [noTimes(), noTimes()]

  for (let i = 0; i < tries; i++) {
    progress(`try ${i + 1} of ${tries}`)
    for (const [curfew, reader, times] of [
      [few, readerOfFew, ofFew],
      [many, readerOfMany, ofMany],
    ] as const) {
      const askedAt = performance.now()
      const { n } = await curfew.logins.logIn()
      times.login.push(performance.now() - askedAt)
      times.read.push(await reader.ask('read', z.number(), n))
      times.signOff.push((await signOffAlone(n, curfew)).tookMs)
    }
  }
  for (const reader of [readerOfFew, readerOfMany]) await reader.ask('close', z.undefined())
  return report(ofFew, ofMany, storedSessions)
}

function noTimes(): Times {
  return { login: [], read: [], signOff: [] }
}

function report(ofFew: Times, ofMany: Times, storedSessions: number) {
  const many = `${storedSessions.toLocaleString('en')} sessions`
  const ratio = (action: (typeof ACTIONS)[number]) => median(ofMany[action]) / median(ofFew[action])
  const row = (name: string, action: (typeof ACTIONS)[number]) => [
    name,
    ...[ofFew, ofMany].flatMap((times) => [50, 99].map((rank) => digits(percentile(times[action], rank)))),
    digits(ratio(action)),
  ]
  return {
    markdown: table(
      ['ms', 'few sessions p50', 'p99', `${many} p50`, 'p99', '×'],
      [
        row('a finished login becomes a session', 'login'),
        row('a guard reads a session that it has not in memory', 'read'),
        row('a sign-off is confirmed', 'signOff'),
      ],
    ),
    figures: Object.fromEntries(ACTIONS.map((action) => [`${action}AmongManyOverFew`, ratio(action)])),
  }
}
