import { createHash, randomBytes } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { ServiceError } from '@curfew/service'
import type { Middleware } from 'koa'
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible'

const MINUTE_SECONDS = 60

/** Counters at the most, a few megabytes. Nobody who has that many addresses is held off by counting them. */
const PLACES = 16_384

/**
 * Lets a caller address pass so many times a minute, and answers 429 to what is over.
 *
 * In the memory of this process: it takes no round trip, and Redis is what it protects. Behind proxies the
 * address is the one that they name (`PROXY_HOPS`); with too few hops configured all callers are one.
 */
export function limitLogins(perMinute: number): Middleware {
  const limiter = new RateLimiterMemory({ points: perMinute, duration: MINUTE_SECONDS })
  const placeOf = createPlaces()

  return async function limitLogins(ctx, next) {
    // It rejects with the state of the counter, which is no error.
    await limiter.consume(placeOf(ctx.ip)).catch((counter: RateLimiterRes) => {
      throw tooMany(Math.max(1, Math.ceil(counter.msBeforeNext / 1000)))
    })
    await next()
  }
}

/**
 * Addresses share a bounded number of places by a hash that only this process knows: nobody can choose
 * whose place they fill, and whoever shares one with somebody who floods is unlucky once in 16,384 times.
 */
export function createPlaces(): (ip: string) => number {
  const salt = randomBytes(16)
  return (ip) => createHash('sha256').update(salt).update(networkOf(ip)).digest().readUInt32BE() % PLACES
}

/** Whose address it is. Of IPv6 that is the network (/64), all of which one person has (RFC 6177 section 2). */
export function networkOf(ip: string): string {
  const [address = ''] = ip.toLowerCase().split('%', 1)
  const [, mapped] = /^::ffff:([\d.]+)$/.exec(address) ?? []
  if (mapped !== undefined) return mapped
  if (!isIPv6(address)) return address

  const [before = '', after] = address.split('::')
  const [head, tail] = [before, after ?? ''].map((part) => part.split(':').filter((group) => group !== ''))
  const missing = after === undefined ? 0 : 8 - (head?.length ?? 0) - (tail?.length ?? 0)
  const groups = [...(head ?? []), ...Array<string>(missing).fill('0'), ...(tail ?? [])]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

function tooMany(seconds: number): ServiceError {
  return new ServiceError(
    'too-many-requests',
    `There were too many sign-ins from your network address. Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`,
    {},
    { headers: { 'Retry-After': String(seconds) } },
  )
}
