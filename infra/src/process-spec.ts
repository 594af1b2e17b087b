/** A process that the start keeps running. */
export interface ProcessSpec {
  readonly name: string
  readonly port: number
  /** Shown to people. */
  readonly address: string
  readonly command: string
  readonly args: readonly string[]
  /** All of its environment: nothing else is inherited. */
  readonly env: NodeJS.ProcessEnv
  /** Whether it does its work. Asked again and again while it starts; an error counts as not yet. */
  readonly isReady: () => Promise<boolean>
}
