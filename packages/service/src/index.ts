/**
 * What every Curfew service needs around its own work.
 *
 * An app mounts it in this order: `reportHealth`, `correlate`, `logRequests`, `measureRequests`,
 * `securityHeaders`, `noStore`, `respondWithErrors`, `serveAssets`, `requireSameOrigin`, `readBody`,
 * and then the guard and the service's own routes.
 */
export * from './assets.js'
export * from './caller.js'
export * from './correlate.js'
export * from './env.js'
export * from './errors.js'
export * from './health.js'
export * from './html.js'
export * from './log.js'
export * from './log-requests.js'
export * from './metrics.js'
export * from './no-store.js'
export * from './page.js'
export * from './read-body.js'
export * from './redis.js'
export * from './refuse.js'
export * from './respond-with-errors.js'
export * from './run-service.js'
export * from './same-origin.js'
export * from './security-headers.js'
export * from './sse.js'
