import type { Curfew } from './curfew.js'
import type { Scale } from './scale.js'

/** One thing that is measured. */
export interface Measurement {
  /** By which it is asked for on the command line. */
  readonly name: string
  readonly title: string
  /** Finds a program that it needs besides redis-server, or installs it. */
  readonly needs?: () => Promise<unknown>
  measure(by: Means): Promise<Measured>
}

export interface Means {
  readonly scale: Scale
  /** With few sessions in it. */
  readonly curfew: Curfew
  readonly progress: Progress
}

export interface Measured {
  /** Tables and sentences, as markdown. */
  readonly markdown: string
  /** For the last line of `--json`. */
  readonly figures: Readonly<Record<string, number | Readonly<Record<string, number>>>>
}

export type Progress = (doing: string) => void
