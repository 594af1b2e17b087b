import { randomBytes } from 'node:crypto'
import { readCookie } from '@curfew/contract'
import type { Context } from 'koa'
import { TRANSACTION_LIFETIME_MS } from './transactions.js'

/** Logins that one browser may have under way. The oldest makes room: headers have a limit. */
const MOST_UNDER_WAY = 20

const NAME_CHARACTERS = 12

/**
 * Binds each login to the browser in which it began, by a short-lived cookie of its own. One cookie for
 * all would be overwritten where several tabs begin at the same moment, as when a browser restores them.
 */
export function createLoginCookies(publicUrl: URL) {
  const secure = publicUrl.protocol === 'https:' ? '; Secure' : ''
  const prefix = secure === '' ? 'curfew-login-' : '__Host-curfew-login-'
  const nameOf = (state: string) => `${prefix}${state.slice(0, NAME_CHARACTERS)}`

  function set(ctx: Context, name: string, value: string, maxAgeSeconds: number): void {
    ctx.append(
      'Set-Cookie',
      `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`,
    )
  }

  return {
    randomKey: () => randomBytes(32).toString('base64url'),

    keep(ctx: Context, state: string, key: string): void {
      for (const name of tooMany(ctx.headers.cookie, prefix)) set(ctx, name, '', 0)
      set(ctx, nameOf(state), key, TRANSACTION_LIFETIME_MS / 1000)
    },

    /** The key of the login with this state, if it began in this browser. The cookie has done its work then. */
    take(ctx: Context, state: string): string | null {
      const key = readCookie(ctx.headers.cookie, nameOf(state))
      if (key === undefined || !WELL_FORMED.test(key)) return null
      set(ctx, nameOf(state), '', 0)
      return key
    },
  }
}

export type LoginCookies = ReturnType<typeof createLoginCookies>

const WELL_FORMED = /^[\w-]{43}$/

/** Browsers list the oldest cookie first (RFC 6265 section 5.4). */
function tooMany(header: string | undefined, prefix: string): string[] {
  const names = (header ?? '')
    .split(';')
    .map((cookie) => cookie.trim().split('=', 1)[0] ?? '')
    .filter((name) => name.startsWith(prefix) && /^[\w-]+$/.test(name))
  return names.slice(0, Math.max(0, names.length + 1 - MOST_UNDER_WAY))
}
