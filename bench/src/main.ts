/**
 * What Curfew costs, beside what it is compared with in the same minutes on the same machine.
 *
 *     pnpm bench [--quick] [--json] [name…]
 *
 * `--quick` shows that everything works, and its figures mean nothing. `--json` adds a last line of JSON. With
 * names only those are measured. Standard output is markdown, for docs/performance.md.
 */
import { parseArgs } from 'node:util'
import { startRedis } from '@curfew/testing'
import { Redis } from 'ioredis'
import { describeMachine } from './machine.js'
import type { Measurement } from './measurement.js'
import { clearProgress, showProgress } from './progress.js'
import { decisionCost } from './requests/decision-cost.js'
import { requestCost } from './requests/request-cost.js'
import { FULL, QUICK } from './scale.js'
import { confirmation } from './sign-off/confirmation.js'
import { everywhereLogout } from './sign-off/everywhere-logout.js'

const MEASUREMENTS: readonly Measurement[] = [requestCost, decisionCost, confirmation, everywhereLogout]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
})
const chosen = MEASUREMENTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
if (chosen.length === 0) {
  throw new Error(`there is nothing of that name, only ${MEASUREMENTS.map(({ name }) => name).join(', ')}`)
}

console.log(`${await machine()}\n`)
let figures = {}
for (const { title, measure } of chosen) {
  const measured = await measure(values.quick ? QUICK : FULL, showProgress(title))
  clearProgress()
  console.log(`### ${title}\n\n${measured.markdown}\n`)
  figures = { ...figures, ...measured.figures }
}
if (values.json) console.log(JSON.stringify(figures))

async function machine(): Promise<string> {
  await using server = await startRedis()
  const redis = new Redis(server.url)
  const description = await describeMachine(redis)
  redis.disconnect()
  return description
}
