import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { focusOn, isFocusLost, PassingButton } from '../focus.js'
import { createInOrder } from '../in-order.js'
import { log } from '../log/log-state.js'
import { Ago } from '../moments.js'
import { isNarrow } from '../narrow.js'
import { go, shownUser, userPath } from '../place.js'
import { useRest } from '../rest.js'
import { Avatar } from './avatar.js'
import { UserView } from './user-view.js'
import { type ConsoleUser, findUsers } from './users-api.js'

/** Typing waits this long before identity is asked. */
const TYPING_MS = 200
/** Several events of one user often come together. */
const TOGETHER_MS = 300

/** Users, by name or address; and one of them with all sessions, kept up to date while it is open. */
export function UsersArea() {
  const id = shownUser.value
  const [heard, setHeard] = useState(0)
  const lookAgain = () => setHeard((count) => count + 1)
  /** Counts what may have changed somebody. */
  const changes = heard + log.beginnings.value
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const stop = log.onEvent(({ source }) => {
      if (source !== '/identity') return
      timer ??= setTimeout(() => {
        timer = undefined
        lookAgain()
      }, TOGETHER_MS)
    })
    return () => {
      stop()
      clearTimeout(timer)
    }
  }, [])
  useFocusOfUser(id)

  return (
    <section class={`users-area${id === null ? '' : ' has-user'}`} id="users-area" aria-label="Users">
      <UserList shown={id} changes={changes} onLookAgain={lookAgain} />
      <section class="card user-view" id="user-view" aria-label="One user" tabIndex={-1}>
        {id === null ? (
          <p class="empty">Choose somebody to see their sessions, and to act on them.</p>
        ) : (
          <UserView key={id} id={id} changes={changes} onLookAgain={lookAgain} />
        )}
      </section>
    </section>
  )
}

/** The focus goes with whoever goes to a user and back, where it would be lost. */
function useFocusOfUser(id: string | null): void {
  const before = useRef(id)
  useLayoutEffect(() => {
    // On a phone the list is hidden behind one of them.
    if (id !== null && before.current === null && isNarrow.peek()) focusOn('#user-view')
    // On a phone the page was as short as one user, and is at its top.
    if (id === null && before.current !== null && isFocusLost())
      focusOn(`.user-link[href="${userPath(before.current)}"]`, { isBroughtIntoSight: true })
    before.current = id
  }, [id])
}

interface Found {
  readonly query: string
  readonly users: readonly ConsoleUser[]
  readonly next: string | null
  readonly trouble: string | null
}

type Page = Awaited<ReturnType<typeof findUsers>>

/** The first page anew: who was shown below stays, and everybody when it could not be had. */
function withFirstPage(before: Found | null, query: string, answer: Page): Found {
  const kept = before?.query === query ? before : NOBODY
  if (!answer.ok) return { query, users: kept.users, next: kept.next, trouble: answer.detail }
  const { users, next } = answer.body
  const below = without(kept.users, users)
  // Between a page of new ones alone and those who are known there may be more: they are asked for next.
  const isApart = users.length > 0 && kept.users.length > 0 && below.length === kept.users.length
  const all = [...users, ...below].slice(0, Math.max(MOST_BY_THEMSELVES, kept.users.length))
  const isCut = all.length < users.length + below.length
  const goesOn = isApart || isCut || isNobody(kept)
  return { query, users: all, next: goesOn ? next : kept.next, trouble: null }
}

/** A list that is left open for days is no longer, unless somebody has asked for more. */
const MOST_BY_THEMSELVES = 500

const NOBODY = { users: [], next: null }
const isNobody = ({ users, next }: Pick<Found, 'users' | 'next'>) => users.length === 0 && next === null

function withNextPage(before: Found | null, query: string, answer: Page): Found | null {
  if (before === null || before.query !== query) return before
  if (!answer.ok) return { ...before, trouble: answer.detail }
  const { users, next } = answer.body
  const all = [...before.users, ...without(users, before.users)]
  return { query, users: all.toSorted(byLastLogin), next, trouble: null }
}

/** As identity lists them. What comes later may belong between those who are shown. */
const byLastLogin = (a: ConsoleUser, b: ConsoleUser) => b.lastLoginAt - a.lastLoginAt

function nobodyOf({ query, next }: Found): string {
  if (next !== null) return 'Nobody so far.'
  return query === '' ? 'Nobody has signed in yet.' : 'Nobody is called that.'
}

function without(users: readonly ConsoleUser[], others: readonly ConsoleUser[]): ConsoleUser[] {
  const ids = new Set(others.map(({ id }) => id))
  return users.filter(({ id }) => !ids.has(id))
}

interface UserListProps {
  readonly shown: string | null
  readonly changes: number
  readonly onLookAgain: () => void
}

function UserList({ shown, changes, onLookAgain }: UserListProps) {
  const [query, setQuery] = useState('')
  const [found, setFound] = useState<Found | null>(null)
  const list = useRef<HTMLUListElement>(null)
  const [isLooking, setLooking] = useState(false)
  const ask = useMemo(createInOrder, [])
  const rest = useRest(onLookAgain)

  async function search(): Promise<void> {
    const isNews = ask()
    const answer = await findUsers(query, null)
    if (!isNews()) return
    setFound((before) => withFirstPage(before, query, answer))
    if (answer.ok) rest.end()
    else if (!answer.isBadInput) rest.begin()
  }
  async function more({ users, next }: Found): Promise<void> {
    if (isLooking) return
    setLooking(true)
    for (let cursor = next; cursor !== null; ) {
      const answer = await findUsers(query, cursor)
      setFound((before) => withNextPage(before, query, answer))
      // Where everybody is in the list already, nobody would see that something has come.
      const isKnown =
        answer.ok && answer.body.users.length > 0 && without(answer.body.users, users).length === 0
      cursor = isKnown ? answer.body.next : null
    }
    setLooking(false)
  }
  useEffect(() => {
    const timer = setTimeout(() => void search(), found === null ? 0 : TYPING_MS)
    return () => clearTimeout(timer)
  }, [query, changes])

  function onKeyDown(pressed: KeyboardEvent): void {
    const links = [...(list.current?.querySelectorAll<HTMLElement>('a') ?? [])]
    const focused = document.activeElement
    const at = focused instanceof HTMLElement ? links.indexOf(focused) : -1
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[pressed.key]
    if (to === undefined || (at === -1 && pressed.key !== 'ArrowDown')) return
    if (to < 0) document.getElementById('users-query')?.focus()
    else links[Math.min(to, links.length - 1)]?.focus()
    pressed.preventDefault()
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrows move between the links within
    <div class="users-list" onKeyDown={onKeyDown}>
      <search>
        <form
          id="users-search"
          onSubmit={(submitted) => {
            submitted.preventDefault()
            const first = found?.users[0]
            if (first !== undefined) go(userPath(first.id))
          }}
        >
          <input
            type="search"
            id="users-query"
            aria-label="Search users"
            aria-keyshortcuts="/"
            placeholder="Search: a name or e-mail address"
            autocomplete="off"
            spellcheck={false}
            maxLength={200}
            value={query}
            onInput={({ currentTarget }) => setQuery(currentTarget.value.trim())}
          />
        </form>
      </search>
      <p class="visually-hidden" role="status">
        {found === null ? 'Loading' : found.users.length === 1 ? '1 user' : `${found.users.length} users`}
      </p>
      {found === null && <p class="log-note">Loading…</p>}
      {found !== null && found.users.length > 0 && found.trouble !== null && (
        <div class="notice warn with-way" id="users-trouble" role="alert">
          <p>{found.trouble}</p>
          <PassingButton leadsTo="#users-query" class="small" onClick={search}>
            Try again
          </PassingButton>
        </div>
      )}
      {found !== null && found.users.length > 0 && (
        <ul class="users" id="users-list" aria-label="Users" ref={list}>
          {found.users.map((user) => (
            <UserRow key={user.id} user={user} isShown={user.id === shown} />
          ))}
        </ul>
      )}
      {found?.users.length === 0 && (
        <p class="empty" id="users-note">
          {found.trouble ?? nobodyOf(found)}
        </p>
      )}
      {found !== null && found.next !== null && (
        <p class="log-end">
          <PassingButton
            leadsTo={found.users.length > 0 ? '#users-list li:last-child a' : '#users-query'}
            id="users-more"
            aria-busy={isLooking}
            onClick={() => more(found)}
          >
            {isLooking ? 'Looking…' : 'More'}
          </PassingButton>
        </p>
      )}
    </div>
  )
}

function UserRow({ user, isShown }: { readonly user: ConsoleUser; readonly isShown: boolean }) {
  const { id, name, email, blocked, sessions, lastLoginAt } = user
  return (
    <li>
      <a class="user-link" href={userPath(id)} aria-current={isShown ? 'true' : undefined}>
        <Avatar user={user} />
        <span class="user-name">
          <strong>{name}</strong>
          <small>{email ?? id}</small>
        </span>
        {blocked ? (
          <span class="badge danger">blocked</span>
        ) : sessions > 0 ? (
          <span class="badge ok">{sessions === 1 ? '1 session' : `${sessions} sessions`}</span>
        ) : (
          <small class="soft">
            <Ago at={lastLoginAt} />
          </small>
        )}
      </a>
    </li>
  )
}
