import type { PoolClient } from 'pg'
import { SecretRow, type State, StateRow } from '../state-row.js'
import { SCHEMA } from './schema.js'

/** Null when somebody has removed it. */
export async function findState(client: PoolClient, lock: '' | 'FOR UPDATE' = ''): Promise<State | null> {
  const { rows } = await client.query(
    `SELECT cursor, anchor_position, encode(anchor_hash, 'hex') AS anchor_hash,
            newest_position, encode(newest_hash, 'hex') AS newest_hash FROM ${SCHEMA}.state ${lock}`,
  )
  return rows[0] === undefined ? null : StateRow.parse(rows[0])
}

export async function readState(client: PoolClient): Promise<State> {
  return stated(await findState(client))
}

/** Whoever has it writes; the others wait until that is committed. So positions have no gaps. */
export async function lockState(client: PoolClient): Promise<State> {
  return stated(await findState(client, 'FOR UPDATE'))
}

export async function readSecret(client: PoolClient): Promise<string> {
  const { rows } = await client.query(`SELECT secret FROM ${SCHEMA}.state`)
  return SecretRow.parse(rows[0]).secret
}

function stated(state: State | null): State {
  if (state === null) throw new Error('it does not say where its chain begins and ends')
  return state
}
