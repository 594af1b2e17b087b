import { readCookie } from '@curfew/contract'
import type { Context } from 'koa'
import { FAREWELL_SECONDS } from './farewells.js'

/**
 * Remembers a farewell while the browser is at the provider, which leads back to `/` and knows nothing of
 * the receipt. Holds the farewell's address, which is worth nothing after two minutes.
 */
export function createSignedOffCookie(publicUrl: URL) {
  const secure = publicUrl.protocol === 'https:' ? '; Secure' : ''
  const name = secure === '' ? 'curfew-signed-off' : '__Host-curfew-signed-off'

  function set(ctx: Context, value: string, maxAgeSeconds: number): void {
    ctx.append(
      'Set-Cookie',
      `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`,
    )
  }

  return {
    keep: (ctx: Context, capability: string) => set(ctx, capability, FAREWELL_SECONDS),

    /** The capability; null when this browser has none. */
    read: (ctx: Context) => readCookie(ctx.headers.cookie, name) ?? null,

    forget(ctx: Context): void {
      if (readCookie(ctx.headers.cookie, name) !== undefined) set(ctx, '', 0)
    },
  }
}

export type SignedOffCookie = ReturnType<typeof createSignedOffCookie>
