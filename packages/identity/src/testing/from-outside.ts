import { eventually } from '@curfew/testing'
import type { GivenApp, SignedIn } from './given-app.js'

/** What is seen of an identity from outside. */

export const isReady = (app: GivenApp, { within = 15_000 } = {}) =>
  eventually(async () => (await app.ask('/readyz')).status === 200, { within })

/** Of whoever asks who they are. 503 says nothing yet. */
export const status = ({ browser }: SignedIn) =>
  eventually(async () => {
    const { status } = await browser.fetchApi('/auth/session')
    return status === 503 ? null : status
  })

/** The types of what the log tells, oldest first. */
export async function told(app: GivenApp): Promise<string[]> {
  return (await app.events()).map(({ type }) => type)
}
