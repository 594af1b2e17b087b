import type { Middleware } from 'koa'
import helmet from 'koa-helmet'

/**
 * The headers that make a browser suspicious on our behalf. There is no inline code on any page, so none
 * is allowed: markup that got in somehow can't run a script, nor fetch from a stranger or post a form to one.
 * It could still lead away by a link, or load a picture by https from anywhere and so tell that it was
 * seen: people's pictures lie wherever their provider keeps them.
 */
export function securityHeaders(publicUrl: URL): Middleware {
  const isHttps = publicUrl.protocol === 'https:'
  const protect = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:', 'https:'],
        connectSrc: ["'self'"],
        fontSrc: ["'self'"],
        // Browsers check each redirect behind a form, too: the way on to a provider begins with a page (decision 0009).
        formAction: ["'self'", publicUrl.origin],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // Not no-referrer: with it, a form of our own page would be posted with `Origin: null`.
    referrerPolicy: { policy: 'same-origin' },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    strictTransportSecurity: isHttps ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    xFrameOptions: { action: 'deny' },
  })

  return async function securityHeaders(ctx, next) {
    ctx.set('Permissions-Policy', PERMISSIONS_POLICY)
    await protect(ctx, next)
  }
}

const PERMISSIONS_POLICY = [
  'accelerometer',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'usb',
]
  .map((feature) => `${feature}=()`)
  .join(', ')
