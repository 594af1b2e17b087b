import { isSessionId, ONLY_PARTITION, randomSessionId, readCookie, sessionCookieName } from '@curfew/contract'
import type Koa from 'koa'
import type { Context, Middleware } from 'koa'
import createSession from 'koa-session'
import type { FinishedLogin } from '../login/finished-login.js'

declare module 'koa' {
  interface DefaultState {
    /** Set before `ctx.login`: what the session store makes the session of. */
    finishedLogin?: FinishedLogin
    /** The session that this browser had before, and that ends once there is the new one. */
    replacedRef?: string
  }
}

/** What koa-session asks of a store. Keys are session ids: the values of cookies. */
export interface KoaSessionStore {
  get(
    id: string,
    maxAge: number | 'session' | undefined,
    more: { ctx?: Context },
  ): Promise<object | null | undefined>
  set(
    id: string,
    data: object,
    maxAge: number | 'session' | undefined,
    more: { ctx?: Context },
  ): Promise<void>
  destroy(id: string, more: { ctx?: Context }): Promise<void>
}

export interface KoaSessionOptions {
  readonly publicUrl: URL
  /** The cookie's age: no session lives longer. Milliseconds. */
  readonly absoluteLifetimeMs: number
  readonly store: KoaSessionStore
}

/**
 * koa-session, for the one route that signs in.
 *
 * The cookie holds the session id and nothing else, unsigned: an unguessable id needs no signature. It is
 * written only once a user is in the session. Nothing is saved at the end of a request (`autoCommit`):
 * koa-session would do so whether or not the session still exists.
 */
export function createKoaSession(
  app: Koa,
  { publicUrl, absoluteLifetimeMs, store }: KoaSessionOptions,
): Middleware {
  const name = sessionCookieName(publicUrl)
  const secure = publicUrl.protocol === 'https:'
  const cookie = {
    httpOnly: true,
    sameSite: 'lax',
    path: '/',
    secure,
    signed: false,
    overwrite: true,
  } as const

  const session = createSession(
    {
      ...cookie,
      key: name,
      maxAge: absoluteLifetimeMs,
      rolling: false,
      renew: false,
      autoCommit: false,
      genid: () => randomSessionId(ONLY_PARTITION),
      store,
      externalKey: {
        get(ctx: Context) {
          const value = readCookie(ctx.headers.cookie, name)
          return value !== undefined && isSessionId(value) ? value : ''
        },
        set(ctx: Context, id: string) {
          if (hasUser(ctx)) setCookie(ctx, name, id, absoluteLifetimeMs / 1000, secure)
        },
      },
    },
    app,
  )

  return async function carrySession(ctx, next) {
    // TLS may end in front of us, where Koa can't see it.
    if (secure) ctx.cookies.secure = true
    await session(ctx, next)
  }
}

/**
 * Makes the session of a finished login: under a new id, and with nothing in it that was there before.
 * When there is none, the browser keeps the cookie that it has.
 *
 * @throws {ServiceError} what the store refuses it with
 */
export async function signIn(ctx: Context, userId: string, login: FinishedLogin): Promise<void> {
  ctx.state.finishedLogin = login
  // koa-session's regenerate() would carry over what somebody may have planted before.
  Reflect.set(ctx, 'session', {})
  const cookies = cookiesOf(ctx)
  try {
    await ctx.login({ id: userId })
  } catch (error) {
    // koa-session has said in this answer that the old cookie is to be deleted.
    ctx.remove('Set-Cookie')
    if (cookies.length > 0) ctx.set('Set-Cookie', cookies)
    throw error
  }
}

/** By hand: the library that Koa uses says `expires`, by which the browser's clock decides. */
function setCookie(ctx: Context, name: string, value: string, maxAgeSeconds: number, secure: boolean): void {
  // koa-session has said in this very answer that the old cookie is to be deleted.
  ctx.set('Set-Cookie', [
    ...cookiesOf(ctx).filter((cookie) => !cookie.startsWith(`${name}=`)),
    `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`,
  ])
}

const cookiesOf = (ctx: Context) => [ctx.res.getHeader('Set-Cookie') ?? []].flat().map(String)

function hasUser(ctx: Context): boolean {
  const session: unknown = Reflect.get(ctx, 'session')
  const passport: unknown = session instanceof Object ? Reflect.get(session, 'passport') : undefined
  return passport instanceof Object && typeof Reflect.get(passport, 'user') === 'string'
}
