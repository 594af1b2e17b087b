import { commonReaders, type Env, httpUrl, type Reader, readEnv } from '@curfew/service'

const readers = {
  ...commonReaders('gateway'),
  /** Comma separated addresses of the instances of each service. */
  IDENTITY_URLS: addresses(),
  PROJECTS_URLS: addresses(),
  EVENTS_URLS: addresses(),
}

export type GatewayConfig = Env<typeof readers>

/** @throws {ConfigInvalid} */
export const readConfig = (env: NodeJS.ProcessEnv): GatewayConfig => readEnv(env, readers)

function addresses(): Reader<readonly URL[]> {
  const read = httpUrl()
  return (raw) => raw.split(',').map((address) => read(address.trim()))
}
