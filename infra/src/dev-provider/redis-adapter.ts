import type { Redis } from 'ioredis'
import type { Adapter, AdapterPayload } from 'oidc-provider'

/**
 * Keeps what the provider knows in Redis, so that turning everything off and on keeps people signed in there.
 *
 * | key                                            | type   | holds                                               |
 * | ---------------------------------------------- | ------ | --------------------------------------------------- |
 * | `{curfew-dev-provider}:<Model>:<id>`           | string | one session, grant, code, token or interaction, JSON |
 * | `{curfew-dev-provider}:uid:<Model>:<uid>`      | string | the id of the session or interaction with that uid  |
 * | `{curfew-dev-provider}:members:<grant>`        | set    | keys of the codes and tokens that a grant gave      |
 *
 * Everything expires by itself. Commands: GET, SET EX, DEL, SADD, SMEMBERS, EXPIRE.
 */
export const createRedisAdapter =
  (redis: Redis) =>
  (model: string): Adapter => {
    const key = (...parts: string[]) => [PREFIX, ...parts].join(':')
    const read = (id: string) => redis.get(key(model, id)).then(parsePayload)

    return {
      async upsert(id, payload, expiresIn = LONGEST_SECONDS) {
        await redis.set(key(model, id), JSON.stringify(payload), 'EX', expiresIn)
        if (payload.uid !== undefined) await redis.set(key('uid', model, payload.uid), id, 'EX', expiresIn)
        if (payload.grantId !== undefined && GIVEN_BY_GRANTS.has(model)) {
          await redis.sadd(key('members', payload.grantId), key(model, id))
          await redis.expire(key('members', payload.grantId), LONGEST_SECONDS)
        }
      },
      find: read,
      async findByUid(uid) {
        const id = await redis.get(key('uid', model, uid))
        return id === null ? undefined : read(id)
      },
      async consume(id) {
        const payload = await read(id)
        if (payload === undefined) return
        const consumed = Math.floor(Date.now() / 1000)
        await redis.set(key(model, id), JSON.stringify({ ...payload, consumed }), 'KEEPTTL')
      },
      async destroy(id) {
        await redis.del(key(model, id))
      },
      async revokeByGrantId(grantId) {
        const members = await redis.smembers(key('members', grantId))
        await redis.del(key('members', grantId), ...members)
      },
      /** Only the device flow has user codes, and it is off. */
      async findByUserCode() {
        return undefined
      },
    }
  }

const PREFIX = '{curfew-dev-provider}'

/** As long as the provider's longest-lived thing, a session. */
export const LONGEST_SECONDS = 14 * 24 * 60 * 60

const GIVEN_BY_GRANTS = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken'])

function parsePayload(text: string | null): AdapterPayload | undefined {
  return text === null ? undefined : JSON.parse(text)
}
