import type { RequestListener } from 'node:http'
import { PROBLEM_CONTENT_TYPE, problem } from '@curfew/contract'

/**
 * Answers 400 to a request target that is no path, before Koa sees it: `ctx.path` throws for some of them, and
 * not every place that asks for it can catch.
 *
 * Taken are the origin form (RFC 9112 section 3.2.1) and `*`. A fragment is in neither, and `//a@[::1#` is one
 * of those that throw.
 */
export function refuseStrangeTargets(handler: RequestListener): RequestListener {
  return function refuseStrangeTargets(request, response) {
    if (TAKEN.test(request.url ?? '')) return void handler(request, response)
    const said = problem(
      'bad-request',
      'The address of the request is not a path. Send one that begins with “/”.',
    )
    response
      .writeHead(said.status, {
        'Content-Type': PROBLEM_CONTENT_TYPE,
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
      })
      .end(JSON.stringify(said))
  }
}

/** Printable ASCII without `#`: what else is in a path has to be encoded. */
const TAKEN = /^(?:\/[!"$-~]*|\*)$/
