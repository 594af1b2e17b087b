import { startCurfew } from '../curfew.js'
import type { Measurement } from '../measurement.js'
import { compareAmongFewAndMany } from './few-and-many.js'
import { gauge } from './gauge.js'
import { type Written, writeManySessions } from './many-sessions.js'

/** What a session takes in Redis and in a guard; and whether a Redis that is full of them is slower. */
export const memory: Measurement = {
  name: 'memory',
  title: 'A million sessions',

  async measure({ scale, curfew: few, progress }) {
    let written: Written | undefined
    await using many = await startCurfew(scale, async ({ redis, logins, keys }) => {
      written = await writeManySessions({ redis, logins, logKey: keys.log }, scale.storedSessions, progress)
    })
    if (written === undefined) throw new TypeError('nothing was written')

    const sizes = await gauge(many, written, scale, progress)
    const times = await compareAmongFewAndMany(few, many, scale, progress)
    return {
      markdown: [sizes.markdown, times.markdown].join('\n\n'),
      figures: { ...sizes.figures, ...times.figures },
    }
  },
}
