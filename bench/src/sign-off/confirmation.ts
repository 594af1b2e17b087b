import type { Curfew } from '../curfew.js'
import { digits, table } from '../markdown.js'
import type { Measurement, Progress } from '../measurement.js'
import type { CrowdSize, Scale } from '../scale.js'
import { median, percentile } from '../statistics.js'
import { gatherCrowd } from './crowd.js'
import { signOffAlone } from './sign-off-alone.js'

/**
 * How long it takes until a sign-off is confirmed, against what it can't do without: one durable write, and a
 * bare publish until the last of as many subscribers has heard it. In turns, on the same Redis.
 *
 * An instance is a process. Where some share one, they share its waking up, which is most of what a bare publish costs.
 */
export const confirmation: Measurement = {
  name: 'confirmation',
  title: 'A confirmed sign-off',

  async measure({ scale, curfew, progress }) {
    const rows = []
    for (const crowd of scale.crowds) rows.push(await confirmBy(crowd, curfew, scale, progress))

    return {
      markdown: [
        table(
          [
            'instances',
            'processes',
            'raw p50 ms',
            'raw p99',
            'raw, there and back p50',
            '× raw',
            'confirmed p50',
            'p99',
            '× raw',
            'HTTP p50',
            'p99',
            '× raw',
          ],
          rows.map(({ crowd: { instances, processes }, raw, thereAndBack, took, waited }) => [
            String(instances),
            String(processes),
            ...[
              median(raw),
              percentile(raw, 99),
              median(thereAndBack),
              median(thereAndBack) / median(raw),
            ].map(digits),
            ...[median(took), percentile(took, 99)].map(digits),
            digits(median(took) / median(raw)),
            ...[median(waited), percentile(waited, 99), median(waited) / median(raw)].map(digits),
          ]),
        ),
        '',
        'Besides them identity, which is an instance too. Each has its own two connections and its own row, also where some share a process; the raw subscribers are in the same processes.',
      ].join('\n'),
      figures: {
        confirmationOverRawPublish: ratios(rows, ({ took }) => took),
        confirmationInFewProcessesOverRawPublish: ratios(
          rows.filter(({ crowd }) => crowd.processes < crowd.instances),
          ({ took }) => took,
        ),
        confirmationOverHttpOverRawPublish: ratios(rows, ({ waited }) => waited),
      },
    }
  },
}

interface Row {
  readonly crowd: CrowdSize
  /** Milliseconds each. */
  readonly raw: readonly number[]
  readonly thereAndBack: readonly number[]
  readonly took: readonly number[]
  readonly waited: readonly number[]
}

async function confirmBy(
  size: CrowdSize,
  curfew: Curfew,
  { leaseMs, signOffRounds, warmUpRounds }: Scale,
  progress: Progress,
): Promise<Row> {
  const { instances, processes } = size
  progress(`mounting ${instances} guards in ${processes} processes`)
  await using crowd = await gatherCrowd(curfew, size, leaseMs)
  const raw: number[] = []
  const thereAndBack: number[] = []
  const took: number[] = []
  const waited: number[] = []
  const first = await curfew.logins.logInMany(warmUpRounds + signOffRounds)
  for (let round = -warmUpRounds; round < signOffRounds; round++) {
    progress(`${instances} instances in ${processes} processes, round ${round} of ${signOffRounds}`)
    const rawMs = await crowd.publish()
    const thereAndBackMs = await crowd.publishAndBack()
    await crowd.settle()
    const signedOff = await signOffAlone(first + warmUpRounds + round, curfew)
    if (signedOff.instances !== instances + 1) throw new Error(`${signedOff.instances} instances confirmed`)
    if (round < 0) continue
    raw.push(rawMs)
    thereAndBack.push(thereAndBackMs)
    took.push(signedOff.tookMs)
    waited.push(signedOff.waitedMs)
  }
  return { crowd: size, raw, thereAndBack, took, waited }
}

/** By number of instances. Of two crowds of that number the last stays: the one that is spread wider. */
function ratios(rows: readonly Row[], of: (row: Row) => readonly number[]): Record<string, number> {
  const narrowFirst = [...rows].sort((a, b) => a.crowd.processes - b.crowd.processes)
  return Object.fromEntries(
    narrowFirst.map((row) => [row.crowd.instances, median(of(row)) / median(row.raw)]),
  )
}
