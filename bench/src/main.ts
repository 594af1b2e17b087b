/**
 * What Curfew costs, beside what it is compared with in the same minutes on the same machine.
 *
 *     npm run bench -- [--quick] [--json] [name…]
 *
 * `--quick` shows that everything works, and its figures mean nothing. `--json` adds a last line of JSON. With
 * names only those are measured. Standard output is markdown, for docs/performance.md.
 */
import { parseArgs } from 'node:util'
import { orEndWithSentence } from '@curfew/infra/command-line'
import { ensureRedisServer, ToolMissing } from '@curfew/infra/tools'
import { startCurfew } from './curfew.js'
import { consoleFrames } from './event-log/console-frames.js'
import { eventLog } from './event-log/event-log.js'
import { eventService, eventServiceOnPostgres } from './event-log/event-service.js'
import { describeMachine } from './machine.js'
import type { Measurement } from './measurement.js'
import { memory } from './memory/memory.js'
import { clearProgress, showProgress } from './progress.js'
import { decisionCost } from './requests/decision-cost.js'
import { requestCost } from './requests/request-cost.js'
import { FULL, QUICK, type Scale } from './scale.js'
import { confirmation } from './sign-off/confirmation.js'
import { everywhereLogout } from './sign-off/everywhere-logout.js'

const MEASUREMENTS: readonly Measurement[] = [
  requestCost,
  decisionCost,
  confirmation,
  memory,
  everywhereLogout,
  eventLog,
  eventService,
  eventServiceOnPostgres,
  consoleFrames,
]

const options = await orEndWithSentence(TypeError, readOptions)
await orEndWithSentence(ToolMissing, () => installed(options))
await bench(options)

async function bench({ scale, json, chosen }: Options): Promise<void> {
  await using curfew = await startCurfew(scale)
  console.log(`${await describeMachine(curfew.redis)}\n`)
  let figures = {}
  for (const { title, measure } of chosen) {
    const measured = await measure({ scale, curfew, progress: showProgress(title) })
    clearProgress()
    console.log(`### ${title}\n\n${measured.markdown}\n`)
    figures = { ...figures, ...measured.figures }
  }
  if (json) console.log(JSON.stringify(figures))
}

interface Options {
  readonly scale: Scale
  readonly json: boolean
  readonly chosen: readonly Measurement[]
}

async function installed({ chosen }: Options): Promise<void> {
  await ensureRedisServer()
  for (const { needs } of chosen) await needs?.()
}

/** @throws {TypeError} with a sentence */
function readOptions(): Options {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  })
  const unknown = positionals.filter((wanted) => !MEASUREMENTS.some(({ name }) => name === wanted))
  if (unknown.length > 0) {
    const names = MEASUREMENTS.map(({ name }) => name)
    throw new TypeError(`there is no measurement called ${unknown.join(', ')}, only ${names.join(', ')}`)
  }
  return {
    scale: values.quick ? QUICK : FULL,
    json: values.json,
    chosen: MEASUREMENTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
  }
}
