import { refOf } from '@curfew/contract'
import { createBrowser } from '@curfew/testing'
import type { LoginEntry } from '../history/entry.js'
import type { History } from '../history/history.js'
import { IDLE_MS, type Instance } from '../world/world.js'
import { NO_ANSWER } from './ask.js'
import type { KnownSession, People } from './people.js'

export interface LoggedIn {
  /** Null: there is none. */
  readonly session: KnownSession | null
  readonly outcome: LoginEntry['outcome']
}

export interface LoginWanted {
  /** The session that the browser has. */
  readonly before?: KnownSession
  /** Happens while the person is at the provider. */
  readonly meanwhile?: () => Promise<unknown>
}

/**
 * Signs somebody in, in a new browser, or in the one that has `before`: the whole dance over HTTP, from our
 * first page to the provider and back.
 */
export async function logIn(
  { history, identity, people }: { history: History; identity: Instance; people: People },
  user: string,
  { before, meanwhile }: LoginWanted = {},
): Promise<LoggedIn> {
  const id = history.nextId('login')
  await using browser = createBrowser(identity.url)
  if (before) await browser.setCookie(`${before.cookie}; Path=/; HttpOnly; SameSite=Lax`)

  const start = history.now()
  let begunBy: number | undefined
  let returnedAt: number | undefined
  let answer: Pick<LoginEntry, 'status' | 'retryAfter' | 'cookieDeleted'> = NO_ANSWER
  try {
    const headers = { 'X-User': user, 'X-Correlation-Id': id }
    let page = await browser.get('/auth/login/dev?return_to=/welcome', {
      headers,
      follow(next) {
        begunBy ??= history.now()
        return !next.pathname.startsWith('/auth/callback/')
      },
    })
    if (page.location !== null) {
      await meanwhile?.()
      returnedAt = history.now()
      page = await browser.get(page.location.href, { headers, follow: () => false })
    }
    answer = {
      status: page.status,
      retryAfter: page.headers.has('retry-after'),
      cookieDeleted: page.headers.getSetCookie().some((line) => /^curfew=;/.test(line)),
    }
    if (page.url.origin !== new URL(identity.url).origin) throw new Error(`the provider: ${page.text}`)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
  }
  const end = history.now()

  const { curfew } = await browser.cookies()
  const isNew = answer.status === 302 && curfew !== undefined && `curfew=${curfew}` !== before?.cookie
  const session = isNew ? people.signedIn(user, `curfew=${curfew}`, refOf(curfew)) : null
  if (before && (isNew || returnedAt !== undefined)) people.ended(before)
  const outcome = session ? 'created' : outcomeOf(answer.status)
  history.record({
    op: 'login',
    id,
    user,
    start,
    begunBy: begunBy ?? end,
    returnedAt: returnedAt ?? end,
    end,
    ...answer,
    outcome,
    ...(session ? { session: session.name, ref: session.ref, idleMs: IDLE_MS } : {}),
    ...(before ? { replaces: before.name } : {}),
  })
  return { session, outcome }
}

function outcomeOf(status: number): LoginEntry['outcome'] {
  switch (status) {
    case 0:
      return 'lost'
    case 403:
      return 'blocked'
    case 409:
      return 'superseded'
    case 503:
      return 'unavailable'
    // Its beginning was used up by an answer that got lost, or by a Redis that came back: an error page, or the
    // first page for somebody whose old session lives.
    case 400:
    case 302:
      return 'failed'
    default:
      return 'unexpected'
  }
}
