import type { PromiseNumber } from '../checker/violation.js'
import type { ScenarioName } from './scenarios.js'

/** Code that breaks a promise on purpose, and the scenario in which that shows. */
export interface Mutant {
  readonly name: string
  /** The promise that it breaks. */
  readonly promise: PromiseNumber
  /** Compiled, below `packages/`. */
  readonly file: string
  /** Stands in that file once, and no more. */
  readonly find: string
  readonly replace: string
  readonly scenario: ScenarioName
}
