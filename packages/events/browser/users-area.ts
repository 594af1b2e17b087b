import type { CurfewEvent } from '@curfew/contract'
import { element, part } from './element.js'
import { ago } from './moments.js'
import { avatar, userView } from './user-view.js'
import { type ConsoleUser, findUsers, getUser, sessionsOf } from './users-api.js'

export interface UsersArea {
  /** Shows the list, and one user beside it. */
  show(id: string | null): void
  /** Something happened to somebody, perhaps to whoever is shown. */
  onEvent(event: CurfewEvent): void
}

/** Typing waits this long before identity is asked. */
const TYPING_MS = 200
/** Several events of one user often come together. */
const TOGETHER_MS = 300

/** Users, by name or address; and one of them with all sessions, kept up to date while it is open. */
export function createUsersArea(onShowEvents: (user: ConsoleUser) => void): UsersArea {
  const area = part('users-area', HTMLElement)
  const form = part('users-search', HTMLFormElement)
  const field = part('users-query', HTMLInputElement)
  const list = part('users-list', HTMLElement)
  const more = part('users-more', HTMLButtonElement)
  const note = part('users-note', HTMLElement)
  const view = part('user-view', HTMLElement)

  let shown: string | null = null
  let next: string | null = null
  let searches = 0
  let hasSearched = false
  let typing: ReturnType<typeof setTimeout> | undefined
  let refreshing: ReturnType<typeof setTimeout> | undefined

  form.addEventListener('submit', (submitted) => {
    submitted.preventDefault()
    void search()
  })
  field.addEventListener('input', () => {
    clearTimeout(typing)
    typing = setTimeout(search, TYPING_MS)
  })
  more.addEventListener('click', () => search(next))

  async function search(cursor: string | null = null): Promise<void> {
    clearTimeout(typing)
    hasSearched = true
    const mine = ++searches
    const query = field.value.trim()
    const answer = await findUsers(query, cursor)
    if (mine !== searches) return
    if (!answer.ok) return say(answer.detail)

    const rows = answer.body.users.map(userRow)
    if (cursor === null) list.replaceChildren(...rows)
    else list.append(...rows)
    next = answer.body.next
    more.hidden = next === null
    say(
      list.childElementCount === 0
        ? query === ''
          ? 'Nobody has signed in yet.'
          : 'Nobody is called that.'
        : '',
    )
    markShown()
  }

  async function showUser(id: string): Promise<void> {
    const [user, sessions] = await Promise.all([getUser(id), sessionsOf(id)])
    if (shown !== id) return
    if (!user.ok) return view.replaceChildren(element('p', 'notice danger', user.detail))
    if (!sessions.ok) return view.replaceChildren(element('p', 'notice danger', sessions.detail))

    const options = { user: user.body, sessions: sessions.body.sessions }
    const onChanged = () => {
      refresh(id)
      void search()
    }
    view.replaceChildren(
      backLink(),
      userView({ ...options, onChanged, onShowEvents: () => onShowEvents(user.body) }),
    )
    const row = [...list.children].find((one) => one instanceof HTMLElement && one.dataset['id'] === id)
    row?.replaceWith(userRow(user.body))
    markShown()
  }

  function refresh(id: string): void {
    clearTimeout(refreshing)
    refreshing = setTimeout(() => shown === id && showUser(id), TOGETHER_MS)
  }

  function say(sentence: string): void {
    note.textContent = sentence
    note.hidden = sentence === ''
  }

  function markShown(): void {
    area.classList.toggle('has-user', shown !== null)
    for (const link of list.querySelectorAll('a')) {
      if (link.hash === `#users/${shown}`) link.setAttribute('aria-current', 'true')
      else link.removeAttribute('aria-current')
    }
  }

  return {
    show(id) {
      const isAnother = shown !== id
      shown = id
      if (!hasSearched) void search()
      if (id === null) view.replaceChildren(element('p', 'empty', 'Choose somebody to see their sessions.'))
      else if (isAnother) {
        view.replaceChildren()
        void showUser(id)
      }
      markShown()
    },
    onEvent({ subject, source }) {
      if (shown !== null && subject === shown && source === '/identity') refresh(shown)
    },
  }
}

function userRow(user: ConsoleUser): HTMLLIElement {
  const { id, name, email, blocked, sessions, lastLoginAt } = user
  const link = element(
    'a',
    'user-link',
    avatar(user),
    element('span', 'user-name', element('strong', '', name), element('small', '', email ?? id)),
    blocked
      ? element('span', 'badge danger', 'blocked')
      : sessions > 0
        ? element('span', 'badge ok', String(sessions))
        : element('small', 'soft', ago(lastLoginAt)),
  )
  if (!blocked && sessions > 0) link.title = sessions === 1 ? '1 session' : `${sessions} sessions`
  link.href = `#users/${encodeURIComponent(id)}`
  const row = element('li', '', link)
  row.dataset['id'] = id
  return row
}

/** On a narrow screen a user takes the place of the list. */
function backLink(): HTMLAnchorElement {
  const link = element('a', 'back-link', '← All users')
  link.href = '#users'
  return link
}
