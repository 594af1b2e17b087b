/** The system can't start or go on; the message is one sentence for the terminal that says what to do. */
export class StartFailed extends Error {
  readonly code = 'START_FAILED'
}
