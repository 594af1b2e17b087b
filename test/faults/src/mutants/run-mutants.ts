import { folderFor } from '../folder.js'
import { describeViolation } from '../report.js'
import type { Mutant } from './mutant.js'
import { MUTANTS } from './mutants.js'
import { perform } from './perform.js'

/**
 * Performs every scenario with the real code, where nothing may be broken, and with its mutants, each of which
 * must be seen by a check of the promise that it breaks. Prints who was seen by what, and resolves with how many of both went wrong.
 */
export async function runMutants(): Promise<number> {
  let wrong = 0
  for (const scenario of new Set(MUTANTS.map((mutant) => mutant.scenario))) {
    const { violations } = await perform(scenario, await folderFor(`mutants/${nameOf(scenario)}`))
    if (violations.length > 0) wrong++
    console.log(`${scenario}: ${violations.length === 0 ? 'nothing broken' : 'BROKEN with the real code'}`)
    for (const violation of violations) console.log(describeViolation(violation))

    for (const mutant of MUTANTS.filter((one) => one.scenario === scenario)) {
      const { isKilled, seenBy } = await hunt(mutant)
      if (!isKilled) wrong++
      const verdict = `${isKilled ? 'killed' : 'SURVIVED'}, seen by ${[...seenBy].join(', ') || 'nothing'}`
      console.log(`  ${mutant.promise} ${mutant.name}: ${verdict}`)
    }
  }
  return wrong
}

/** On a busy machine the moment in which a mutant shows may pass before it is asked. */
const MOST_TRIES = 3

async function hunt(mutant: Mutant): Promise<{ isKilled: boolean; seenBy: ReadonlySet<string> }> {
  const seenBy = new Set<string>()
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const folder = await folderFor(`mutants/${nameOf(mutant.name)}`)
    const { violations } = await perform(mutant.scenario, folder, mutant)
    for (const { promise, check } of violations) seenBy.add(`${promise} ${check}`)
    if (violations.some(({ promise }) => promise === mutant.promise)) return { isKilled: true, seenBy }
  }
  return { isKilled: false, seenBy }
}

const nameOf = (text: string) => text.replace(/\W+/g, '-')
