import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { orEndWithSentence } from '@curfew/infra/command-line'
import { ensureRedisServer, ToolMissing } from '@curfew/infra/tools'
import { check } from './checker/check.js'
import { folderFor } from './folder.js'
import type { History } from './history/history.js'
import { runMutants } from './mutants/run-mutants.js'
import { type Options, readOptions, USAGE } from './options.js'
import { describe, reportOn } from './report.js'
import { LEASE_MS, run } from './run.js'
import { openClocks } from './world/clocks.js'

const options = await orEndWithSentence(TypeError, () => readOptions(process.argv.slice(2)), USAGE)
await orEndWithSentence(ToolMissing, () => ensureRedisServer())
const isRight = options.mutants ? (await runMutants()) === 0 : await runAtRandom(options)
process.exitCode = isRight ? 0 : 1

async function runAtRandom({ seed, minutes, profile }: Options): Promise<boolean> {
  const folder = await folderFor(`${profile}-${seed}`)
  console.log(`seed ${seed}: ${minutes} minutes, what is seen is kept in ${folder}`)
  const leftOut: string[] = []
  const clocks = await openClocks(join(folder, 'clocks')).catch((error: unknown) => {
    if (!(error instanceof ToolMissing)) throw error
    leftOut.push(`setting wall clocks: ${error.message}`)
    return undefined
  })
  const history = await run({
    seed,
    profile,
    identities: 2,
    forMs: minutes * 60_000,
    folder,
    onProgress: showProgress,
    ...(clocks ? { clocks } : {}),
  })
  const verdict = check(history.entries)
  const facts = { seed, profile, leaseMs: LEASE_MS[profile], seconds: Math.round(minutes * 60), leftOut }
  const report = reportOn(facts, history.entries, verdict)
  await writeFile(join(folder, 'report.json'), JSON.stringify(report, null, 2))
  console.log(`\n${describe(report)}`)
  return verdict.violations.length === 0
}

function showProgress(history: History): void {
  const { length } = history.entries
  const fault = history.entries.findLast(({ op }) => op === 'fault')
  const last = fault?.op === 'fault' ? `, last fault ${fault.kind} of ${fault.hit}` : ''
  console.log(`${Math.round(history.now() / 1_000)} s: ${length} entries${last}`)
}
