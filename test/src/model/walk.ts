import fc from 'fast-check'
import type { Worlds } from './world.js'

export interface Walked {
  /** Null: no promise was broken on any of the ways. */
  readonly violation: string | null
  /** The way there, step by step. */
  readonly trace: readonly string[]
  readonly steps: number
  /** On how many ways what is worth to be reached was reached. */
  readonly reached: ReadonlyMap<string, number>
}

const LONGEST = 250

/** Takes so many ways at random, which a seed repeats, through systems that are too large to be explored. */
export function walk(
  worlds: Worlds,
  { ways, seed }: { readonly ways: number; readonly seed: number },
): Walked {
  const reached = new Map<string, number>()
  let steps = 0
  const choices = fc.array(fc.nat(), { minLength: 1, maxLength: LONGEST, size: 'max' })
  const { counterexample } = fc.check(
    fc.property(choices, (chosen) => {
      const one = go(worlds, chosen)
      steps += one.trace.length
      for (const feature of one.reached) reached.set(feature, (reached.get(feature) ?? 0) + 1)
      return one.violation === null
    }),
    // Made shorter, a way takes as long to find as a hundred others.
    { numRuns: ways, seed, endOnFailure: true },
  )
  const { violation, trace } = go(worlds, counterexample?.[0] ?? [])
  return { violation, trace, steps, reached }
}

/** Each number chooses one of the steps that may be taken there. */
function go(worlds: Worlds, choices: readonly number[]) {
  const trace: string[] = []
  const reached = new Set<string>()
  let world = worlds.initial
  let violation = worlds.violationOf(world)
  for (const choice of choices) {
    const steps = worlds.stepsOf(world)
    const step = steps[choice % steps.length]
    if (violation !== null || step === undefined) break
    trace.push(step.label)
    world = step.next
    violation = worlds.violationOf(world)
    for (const feature of worlds.featuresOf(world)) reached.add(feature)
  }
  return { violation, trace, reached }
}
