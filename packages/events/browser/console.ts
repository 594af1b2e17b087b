/**
 * The operator's page. Two areas, chosen by the fragment of the address: `#log` and `#users`, and
 * `#users/<id>` for one user.
 */
import { part } from './element.js'
import { createLogArea } from './log-area.js'
import { createUsersArea } from './users-area.js'

const areas = [
  { name: 'log', root: part('log-area', HTMLElement), tab: part('log-tab', HTMLAnchorElement) },
  { name: 'users', root: part('users-area', HTMLElement), tab: part('users-tab', HTMLAnchorElement) },
]

const users = createUsersArea(({ id }) => {
  log.search(id)
  location.hash = '#log'
})
const log = createLogArea((event) => users.onEvent(event))

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
  if (chosen?.name === 'users') users.show(id === undefined ? null : decodeURIComponent(id))
}
