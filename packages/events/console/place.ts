import { computed, signal } from '@preact/signals'

/** An area of the console. */
export type Area = 'log' | 'users' | 'instances' | 'dashboard'

/**
 * Where somebody is: the address of the page, as all of the console reads it. So every view can be shared, and is
 * there again after signing in.
 *
 * | address                | shows                                                                              |
 * | ---------------------- | ---------------------------------------------------------------------------------- |
 * | `/console`             | the log. Its query is the filter, as for `GET /events`; `at`: a time to jump to; `event`: the one that is open; `follow`: the request that is followed |
 * | `/console/users/<id>`  | users, and one of them                                                             |
 * | `/console/instances`   | who answers from memory                                                            |
 * | `/console/dashboard`   | pictures; `over`: an hour, a day, a week, a month                                  |
 */
export const address = signal(new URL(location.href))

export const area = computed<Area>(() => {
  const [, , name] = address.value.pathname.split('/')
  return name === 'users' || name === 'instances' || name === 'dashboard' ? name : 'log'
})

/** The id of the user that is shown, or null. */
export const shownUser = computed(() => {
  const [, , name, id] = address.value.pathname.split('/')
  return name === 'users' && id ? decoded(id) : null
})

/** What nobody can have encoded is the id of nobody, and identity says so. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    return text
  }
}

/** Goes to another address of the console. */
export function go(to: string | URL): void {
  const next = new URL(to, address.value)
  if (next.href === address.value.href) return
  history.pushState(null, '', next)
  address.value = next
}

/** Changes the query of where somebody is; null and '' take a name away. */
export function change(
  values: Readonly<Record<string, string | null>>,
  { inPlace = false }: { readonly inPlace?: boolean } = {},
): void {
  const next = new URL(address.value)
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === '') next.searchParams.delete(name)
    else next.searchParams.set(name, value)
  }
  if (next.href === address.value.href) return
  if (inPlace) history.replaceState(null, '', next)
  else history.pushState(null, '', next)
  address.value = next
}

export const userPath = (id: string) => `/console/users/${encodeURIComponent(id)}`

/** Links within the console do not load the page again. */
export function followLinks(): void {
  window.addEventListener('popstate', () => {
    address.value = new URL(location.href)
  })
  document.addEventListener('click', (click) => {
    const link = click.target instanceof Element ? click.target.closest('a') : null
    if (link === null || click.defaultPrevented || click.button !== 0) return
    if (click.ctrlKey || click.metaKey || click.shiftKey || click.altKey) return
    const isOurs = link.origin === location.origin && /^\/console(\/|$)/.test(link.pathname)
    if (!isOurs || link.target !== '' || link.hasAttribute('download')) return
    click.preventDefault()
    go(link.href)
  })
}
