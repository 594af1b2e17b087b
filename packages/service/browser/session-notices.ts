import type { StreamState } from './shared-stream.js'

/** Hides what the page shows of a person, at once. */
export function conceal(): void {
  document.documentElement.classList.add('concealed')
}

/** Takes that back, and the notice: the same person is signed in after all. */
export function reveal(): void {
  document.documentElement.classList.remove('concealed')
  document.title = title
  notice?.remove()
  notice = undefined
}

export function saySignedOut(reason = ''): void {
  const here = `${location.pathname}${location.search}`
  const signIn = link('Sign in', `/auth/login?return_to=${encodeURIComponent(here)}`, 'button primary')
  cover('You have been signed out', SENTENCES[reason] ?? 'Your session has ended.', [
    signIn,
    link('Go to the start page', '/', 'button quiet'),
  ])
}

export function sayChanged(name: string): void {
  cover(
    'Someone else is signed in',
    `This browser is now signed in as ${name}. This page was not ${name}’s.`,
    [link(`Go on as ${name}`, '/', 'button primary')],
  )
}

/** A small note at the edge while the connection is lost for longer than a moment. Never says signed out. */
export function sayConnection(state: StreamState): void {
  if (state === 'open') {
    clearTimeout(noteTimer)
    noteTimer = undefined
    note?.remove()
    note = undefined
  } else {
    noteTimer ??= setTimeout(showNote, PATIENCE_MS)
  }
}

/** A server that restarts is back before anybody needs to know. */
const PATIENCE_MS = 2_000

/** By the reasons of a sign-off, and of a session that ran out. */
const SENTENCES: Readonly<Record<string, string>> = {
  'logged-out': 'You signed out in this browser.',
  revoked: 'You ended this session from another device or browser.',
  // Of all sessions or of all others: read in other browsers, and perhaps in other tabs of the one that asked.
  everywhere: 'You signed out of this session, here or from another device or browser.',
  admin: 'An administrator ended your session.',
  blocked: 'An administrator blocked your account. Ask them if that is a mistake.',
  replaced: 'Somebody signed in again in this browser.',
  'store-behind': 'Everybody was signed out after a failure of the session store.',
  idle: 'You were away for a while, so we locked up.',
  expired: 'Your session reached its end. Sign in again to go on.',
}

const title = document.title
let notice: HTMLDialogElement | undefined
let note: HTMLElement | undefined
let noteTimer: ReturnType<typeof setTimeout> | undefined

/** A modal dialog makes everything under it inert, takes the focus, and is read out. */
function cover(what: string, sentence: string, ways: readonly HTMLElement[]): void {
  conceal()
  // A tab in the background has nothing else to say it with.
  document.title = `${what} · Curfew`
  notice?.remove()
  const dialog = element('dialog', 'session-notice')
  dialog.setAttribute('role', 'alertdialog')
  dialog.setAttribute('aria-labelledby', 'session-notice-title')
  dialog.setAttribute('aria-describedby', 'session-notice-text')
  const heading = element('h2', '', what)
  heading.id = 'session-notice-title'
  const text = element('p', '', sentence)
  text.id = 'session-notice-text'
  const actions = element('p', 'actions')
  actions.append(...ways)
  dialog.append(element('span', 'session-notice-bell'), heading, text, actions)
  // Escape closes dialogs. This one stays: there is nothing behind it to go back to. A browser that does
  // not know the attribute yet lets a second Escape through, whatever the first was told.
  dialog.setAttribute('closedby', 'none')
  dialog.addEventListener('cancel', (event) => event.preventDefault())
  dialog.addEventListener('close', () => dialog.isConnected && dialog.showModal())

  notice = dialog
  document.body.append(dialog)
  dialog.showModal()
}

function showNote(): void {
  note = element('p', 'connection-note', 'Connection lost. Trying again…')
  note.setAttribute('role', 'status')
  document.body.append(note)
}

function link(text: string, href: string, className: string): HTMLAnchorElement {
  const a = element('a', className, text)
  a.href = href
  return a
}

function element<Name extends keyof HTMLElementTagNameMap>(name: Name, className: string, text = '') {
  const made = document.createElement(name)
  if (className !== '') made.className = className
  made.textContent = text
  return made
}
