/**
 * The operator's page. Three areas, chosen by the fragment of the address: `#log`, `#users` and
 * `#instances`; `#users/<id>` is one user.
 */
import { part } from './element.js'
import { createInstancesArea } from './instances-area.js'
import { createLogArea } from './log-area.js'
import { createUsersArea } from './users-area.js'

const areas = [
  { name: 'log', root: part('log-area', HTMLElement), tab: part('log-tab', HTMLAnchorElement) },
  { name: 'users', root: part('users-area', HTMLElement), tab: part('users-tab', HTMLAnchorElement) },
  {
    name: 'instances',
    root: part('instances-area', HTMLElement),
    tab: part('instances-tab', HTMLAnchorElement),
  },
]

const users = createUsersArea(({ id }) => {
  log.search(id)
  location.hash = '#log'
})
const instances = createInstancesArea()
const log = createLogArea((event) => users.onEvent(event))

// On a process's own port there is no identity to ask. Only the browser knows what it was opened at.
for (const notice of document.querySelectorAll<HTMLElement>('.elsewhere')) {
  notice.hidden = notice.querySelector('a')?.origin === location.origin
}

window.addEventListener('hashchange', showArea)
showArea()

function showArea(): void {
  const [name = '', id] = location.hash.slice(1).split('/')
  const chosen = areas.find((area) => area.name === name) ?? areas[0]
  for (const area of areas) {
    area.root.hidden = area !== chosen
    if (area === chosen) area.tab.setAttribute('aria-current', 'page')
    else area.tab.removeAttribute('aria-current')
  }
  if (chosen?.name === 'instances') instances.show()
  else instances.hide()
  if (chosen?.name === 'users') users.show(id === undefined ? null : decodeURIComponent(id))
}
