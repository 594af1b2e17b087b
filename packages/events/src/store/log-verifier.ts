import type { Verified, VerifyOptions } from './log-store.js'

/** A log as whoever verifies it has it: nothing is written, and an older one is verified as it is. */
export interface LogVerifier {
  /** As the store does it. */
  verify(options?: VerifyOptions): Promise<Verified>
  close(): Promise<void>
}
