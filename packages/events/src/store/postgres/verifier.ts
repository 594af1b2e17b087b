import type { LogVerifier } from '../log-verifier.js'
import { requireVerifiable } from '../verifiable-version.js'
import { verifyChain } from '../verify-chain.js'
import { openConnections } from './connections.js'
import { lookAtChain } from './read-chain.js'
import { findVersion, SCHEMA, SCHEMA_VERSION } from './schema.js'

/** Within transactions that may only read. */
export async function openPostgresVerifier(url: string): Promise<LogVerifier> {
  const connections = openConnections(url)
  try {
    await connections.snapshot(async (client) => {
      const version = await findVersion(client)
      if (version === 0) throw new Error(`it has no schema ${SCHEMA}`)
      requireVerifiable(version, SCHEMA_VERSION)
    })
    return {
      verify: (options) =>
        verifyChain(
          (after, count) => connections.snapshot((client) => lookAtChain(client, after, count)),
          options,
        ),
      close: connections.close,
    }
  } catch (error) {
    await connections.close()
    throw error
  }
}
