import { folderFor } from '../folder.js'
import { describeViolation } from '../report.js'
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
      const { violations } = await perform(
        scenario,
        await folderFor(`mutants/${nameOf(mutant.name)}`),
        mutant,
      )
      const seenBy = new Set(violations.map(({ promise, check }) => `${promise} ${check}`))
      const isKilled = violations.some(({ promise }) => promise === mutant.promise)
      if (!isKilled) wrong++
      const verdict = `${isKilled ? 'killed' : 'SURVIVED'}, seen by ${[...seenBy].join(', ') || 'nothing'}`
      console.log(`  ${mutant.promise} ${mutant.name}: ${verdict}`)
    }
  }
  return wrong
}

const nameOf = (text: string) => text.replace(/\W+/g, '-')
