import { signal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { closePanel, followed, log, logAddress, openEvent } from './log/log-state.js'
import { area, go } from './place.js'

const isShown = signal(false)

/** Single letters can be turned off: who speaks to the page would press them by accident (WCAG 2.1.4). */
const OFF = 'curfew-shortcuts-off'
const areOn = signal(localStorage.getItem(OFF) === null)

function turn(on: boolean): void {
  areOn.value = on
  if (on) localStorage.removeItem(OFF)
  else localStorage.setItem(OFF, '')
}

const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['1', '2', '3', '4'], 'go to the log, users, instances, the dashboard'],
  [['/'], 'search'],
  [['↑', '↓'], 'move in a list; j and k do it too'],
  [['Home', 'End'], 'to the first, to the last'],
  [['Enter'], 'open'],
  [['Esc'], 'close what is open'],
  [['p'], 'pause the log, and resume it'],
  [['f'], 'filters'],
  [['t'], 'jump to a time'],
  [['?'], 'show this'],
]

/** What a key does, wherever somebody is, unless they are typing. */
export function listenForShortcuts(): void {
  document.addEventListener('keydown', (pressed) => {
    if (pressed.defaultPrevented || pressed.ctrlKey || pressed.metaKey || pressed.altKey) return
    if (isTyping(pressed.target) || document.querySelector('dialog[open]') !== null) return
    if (!areOn.value && pressed.key.length === 1) return
    const act = ACTIONS[pressed.key]
    if (act === undefined || act() === false) return
    pressed.preventDefault()
  })
}

/** False where there is nothing to do. */
const ACTIONS: Readonly<Record<string, () => unknown>> = {
  1: () => go(logAddress.value),
  2: () => go('/console/users'),
  3: () => go('/console/instances'),
  4: () => go('/console/dashboard'),
  '?': () => {
    isShown.value = true
  },
  '/': () => focus('#log-text, #users-query'),
  p: () => inLog(() => log.pause(!log.isPaused.value)),
  f: () => inLog(() => popover('log-filters')),
  t: () => inLog(() => popover('log-jump')),
  j: () => inLog(() => focus('#log-list')),
  Escape: () => !isBelowPopover() && (openEvent.value ?? followed.value) !== null && inLog(closePanel),
}

/** The browser closes that first. */
const isBelowPopover = () => document.querySelector(':popover-open') !== null

function inLog(act: () => unknown): unknown {
  return area.value === 'log' && act()
}

function popover(id: string): void {
  const shown = document.getElementById(id)
  shown?.showPopover()
  shown?.querySelector('input')?.focus()
}

function focus(selector: string): boolean {
  const found = document.querySelector<HTMLElement>(selector)
  found?.focus()
  return found !== null
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.matches('input, select, textarea, [contenteditable]')

export function ShortcutsButton() {
  return (
    <button
      type="button"
      class="quiet icon"
      aria-label="Keyboard shortcuts"
      title="Keyboard shortcuts (?)"
      onClick={() => {
        isShown.value = true
      }}
    >
      ?
    </button>
  )
}

/** What `?` shows. */
export function Shortcuts() {
  const dialog = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    if (isShown.value) dialog.current?.showModal()
  }, [isShown.value])
  if (!isShown.value) return null
  return (
    <dialog
      ref={dialog}
      class="shortcuts"
      aria-labelledby="shortcuts-title"
      onClose={() => {
        isShown.value = false
      }}
    >
      <h2 id="shortcuts-title">Keyboard shortcuts</h2>
      <dl>
        {KEYS.map(([keys, what]) => (
          <>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </>
        ))}
      </dl>
      <label>
        <input
          type="checkbox"
          id="shortcuts-on"
          checked={areOn.value}
          onChange={({ currentTarget }) => turn(currentTarget.checked)}
        />
        Single keys act anywhere on the page
      </label>
      <form method="dialog" class="actions">
        <button type="submit" class="primary">
          Close
        </button>
      </form>
    </dialog>
  )
}
