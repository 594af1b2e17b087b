import type { IncomingMessage } from 'node:http'

/**
 * Takes away what a caller may not say about itself, and says it instead.
 *
 * We are the outermost proxy: what arrives in `X-Forwarded-For` was written by the caller, and would be believed
 * by the service behind us. So it is replaced, not added to. `X-Curfew` stays: it is how a client that
 * is not a browser proves that it means it.
 */
export function cleanHeaders(req: IncomingMessage): void {
  for (const name of Object.keys(req.headers)) {
    if (SAID_BY_PROXIES.test(name)) delete req.headers[name]
  }
  // `Connection` names headers that end here; left in, it could name one that we set (RFC 9110 section 7.6.1).
  if (req.headers.upgrade === undefined) delete req.headers.connection
  else req.headers.connection = 'Upgrade'

  req.headers['x-forwarded-for'] = req.socket.remoteAddress ?? ''
  req.headers['x-forwarded-proto'] = 'http'
  req.headers['x-forwarded-host'] = req.headers.host ?? ''
}

const SAID_BY_PROXIES =
  /^(forwarded|x-forwarded-.*|x-real-ip|x-original-.*|x-rewrite-.*|x-curfew-.*|keep-alive|te|trailer|proxy-.*)$/
