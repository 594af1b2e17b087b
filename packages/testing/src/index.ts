/** What tests of every package open, start and wait for. Only test files import this package. */
export { type Browser, createBrowser, type PageFetch, type Visit } from './browser.js'
export { type Deferred, deferred } from './deferred.js'
export type { EventStream, ServerSentEvent } from './event-stream.js'
export { eventually } from './eventually.js'
export { freePort } from './free-port.js'
export { memoryInUse } from './memory-in-use.js'
export type { ApiAnswer, Page } from './page.js'
export {
  type PostgresServer,
  type PostgresServerOptions,
  postgresUrl,
  startPostgres,
} from './postgres-server.js'
export { freshNamespace, openRedis, redisUrl, type TestRedis } from './redis.js'
export { type RedisProxy, startRedisProxy, type Traffic } from './redis-proxy.js'
export { type RedisServer, type RedisServerOptions, startRedis } from './redis-server.js'
export { rejects } from './rejects.js'
export { type RuledRedis, startRuledRedis } from './ruled-redis.js'
export { type SentinelSystem, startSentinel } from './sentinel.js'
export { type Served, serve } from './serve.js'
export {
  type GivenSession,
  givenSession,
  openFirstHistory,
  openHistory,
  type RecordedSignOff,
  type SessionWanted,
  type SignOffWanted,
  signOff,
} from './sessions.js'
