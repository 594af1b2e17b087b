import { lazy, Suspense } from 'preact/compat'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { Boundary } from './boundary.js'
import { focusOn, isFocusLost } from './focus.js'
import { InstancesArea } from './instances/instances-area.js'
import { LogArea } from './log/log-area.js'
import { logAddress } from './log/log-state.js'
import { type Area, address, area } from './place.js'
import { Shortcuts, ShortcutsButton } from './shortcuts.js'
import { UsersArea } from './users/users-area.js'

/** Charts are loaded by who looks at them. */
const DashboardArea = lazy(() => import('./dashboard/dashboard-area.js'))

const TABS: readonly (readonly [name: Area, label: string, path: string])[] = [
  ['log', 'Log', '/console'],
  ['users', 'Users', '/console/users'],
  ['instances', 'Instances', '/console/instances'],
  ['dashboard', 'Dashboard', '/console/dashboard'],
]

/** The operator's page: four areas, one of which is shown. */
export function App() {
  const shown = useRef<Area>(area.value)
  useLayoutEffect(() => {
    // What had the focus may have gone with the area.
    if (shown.current !== area.value && isFocusLost()) focusOn('main')
    shown.current = area.value
  }, [area.value])
  return (
    <div class={`console-area area-${area.value}`}>
      <header class="console-head">
        <h1>Console</h1>
        <nav class="tabs" aria-label="Areas">
          {TABS.map(([name, label, path]) => (
            <a
              key={name}
              id={`${name}-tab`}
              href={name === 'log' ? logAddress.value : path}
              aria-current={area.value === name ? 'page' : undefined}
            >
              {label}
            </a>
          ))}
        </nav>
        <ShortcutsButton />
      </header>
      <Boundary key={area.value}>
        <Shown name={area.value} />
      </Boundary>
      <Shortcuts />
    </div>
  )
}

function Shown({ name }: { readonly name: Area }) {
  if (name === 'log') return <LogArea />
  const home = document.documentElement.dataset['publicOrigin']
  // On a process's own port there is no identity to ask. Only the browser knows what it was opened at.
  if (name !== 'dashboard' && home !== undefined && home !== location.origin) {
    const link = new URL(address.value.pathname, home)
    return (
      <p class="notice warn">
        This address has the log alone. The rest is at <a href={link.href}>{link.host}</a>.
      </p>
    )
  }
  if (name === 'users') return <UsersArea />
  if (name === 'instances') return <InstancesArea />
  return (
    <Suspense fallback={<p role="status">Loading…</p>}>
      <DashboardArea />
    </Suspense>
  )
}
