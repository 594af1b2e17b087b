import { randomBytes } from 'node:crypto'
import { readCookie } from '@curfew/contract'
import type { Context } from 'koa'
import { TRANSACTION_LIFETIME_MS } from './transactions.js'

/** Binds logins to the browser in which they began: one short-lived cookie for all its tabs. */
export function createBrowserKeys(publicUrl: URL) {
  const secure = publicUrl.protocol === 'https:'
  const name = secure ? '__Host-curfew-login' : 'curfew-login'
  const maxAge = TRANSACTION_LIFETIME_MS / 1000

  return {
    /** The browser's key, made when it has none; in any case it lives on for another login. */
    ensure(ctx: Context): string {
      const key = this.read(ctx) ?? randomBytes(32).toString('base64url')
      ctx.append(
        'Set-Cookie',
        `${name}=${key}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`,
      )
      return key
    },

    read(ctx: Context): string | null {
      const value = readCookie(ctx.headers.cookie, name)
      return value !== undefined && WELL_FORMED.test(value) ? value : null
    },
  }
}

export type BrowserKeys = ReturnType<typeof createBrowserKeys>

const WELL_FORMED = /^[\w-]{43}$/
