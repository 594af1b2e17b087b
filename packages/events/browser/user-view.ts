import { deviceName } from './device-name.js'
import { confirmAndDo } from './dialogs.js'
import { button, element, fact } from './element.js'
import { ago, moment } from './moments.js'
import {
  blockUser,
  type ConsoleSession,
  type ConsoleUser,
  endSession,
  signOffUser,
  unblockUser,
} from './users-api.js'

export interface UserViewOptions {
  readonly user: ConsoleUser
  readonly sessions: readonly ConsoleSession[]
  /** Something was done: look again. */
  readonly onChanged: () => void
  readonly onShowEvents: () => void
}

/** Everything about one user, and what an admin can do. */
export function userView({ user, sessions, onChanged, onShowEvents }: UserViewOptions): DocumentFragment {
  const view = document.createDocumentFragment()
  const { name, email, roles, blocked, provider, subject, lastLoginAt, id } = user
  const after = async (done: Promise<boolean>) => {
    if (await done) onChanged()
  }

  view.append(
    element(
      'header',
      'user-head',
      avatar(user),
      element('div', '', element('h2', '', name), element('p', 'soft', email ?? 'No e-mail address')),
      element(
        'p',
        'user-badges',
        ...roles.map((role) => element('span', 'badge', role)),
        blocked && element('span', 'badge danger', 'blocked'),
      ),
    ),
  )
  if (blocked) {
    const why = blocked.reason === null ? '' : `: “${blocked.reason}”`
    view.append(element('p', 'notice danger', 'Blocked ', ago(blocked.at), `${why}. No login is accepted.`))
  }
  view.append(
    element(
      'p',
      'actions',
      button('', 'Sign off everywhere', () => after(signOffEverywhere(user))),
      blocked
        ? button('', 'Unblock', () => after(unblock(user)))
        : button('danger', 'Block', () => after(block(user))),
      button('quiet', 'Show in the log', onShowEvents),
    ),
    element('h3', '', sessions.length === 1 ? '1 session' : `${sessions.length || 'No'} sessions`),
    sessions.length === 0
      ? element('p', 'soft', `${name} is not signed in anywhere.`)
      : element('ul', 'sessions', ...sessions.map((one) => sessionRow(one, () => after(end(user, one))))),
    element('h3', '', 'Account'),
    element(
      'dl',
      'facts small',
      ...fact('Last login', moment(lastLoginAt)),
      ...fact('Signs in with', `${provider}, as ${subject}`),
      ...fact('User', element('span', 'mono', id)),
    ),
  )
  return view
}

export function avatar({ name, picture }: Pick<ConsoleUser, 'name' | 'picture'>): HTMLElement {
  if (picture?.startsWith('https:')) {
    const image = element('img', 'avatar')
    image.src = picture
    image.alt = ''
    image.referrerPolicy = 'no-referrer'
    return image
  }
  const words = name.trim().split(/\s+/)
  const initials = [words[0], words.length > 1 ? words.at(-1) : ''].map((word) => [...(word ?? '')][0] ?? '')
  const shown = element('span', 'avatar', initials.join('').toUpperCase())
  shown.setAttribute('aria-hidden', 'true')
  return shown
}

function sessionRow(session: ConsoleSession, onEnd: () => void): HTMLLIElement {
  const { device, createdAt, lastSeenAt, current, ref } = session
  const name = element('strong', '', deviceName(device.userAgent))
  name.title = device.userAgent
  const endButton = button('small', 'End', onEnd)
  endButton.setAttribute('aria-label', `End the session in ${deviceName(device.userAgent)}, ${device.ip}`)
  const row = element(
    'li',
    '',
    element('div', 'session-device', name, current && element('span', 'badge info', 'this browser')),
    element('div', 'session-facts', element('span', 'mono', device.ip), ' · since ', moment(createdAt)),
    element('div', 'session-seen', 'seen ', ago(lastSeenAt)),
    endButton,
  )
  row.title = `Session ${ref}`
  return row
}

function end({ name }: ConsoleUser, { ref, device, current }: ConsoleSession): Promise<boolean> {
  const whose = current ? 'This is your own session, in this browser: you will be signed out. ' : ''
  return confirmAndDo(
    {
      title: 'End this session?',
      sentence: `${whose}${name} will be signed off in ${deviceName(device.userAgent)} at ${device.ip}, on every service at once. Other sessions will go on.`,
      verb: 'End the session',
    },
    () => endSession(ref),
  )
}

function signOffEverywhere({ id, name }: ConsoleUser): Promise<boolean> {
  return confirmAndDo(
    {
      title: `Sign ${name} off everywhere?`,
      sentence:
        'Every session will end, on every device and every service. They will be able to sign in again at once.',
      verb: 'Sign off everywhere',
    },
    () => signOffUser(id),
  )
}

function block({ id, name }: ConsoleUser): Promise<boolean> {
  return confirmAndDo(
    {
      title: `Block ${name}?`,
      sentence:
        'They will be out at once, everywhere, and won’t be able to sign in again until somebody unblocks them.',
      verb: 'Block',
      withReason: true,
      isGrave: true,
    },
    (reason) => blockUser(id, reason),
  )
}

function unblock({ id, name }: ConsoleUser): Promise<boolean> {
  return confirmAndDo(
    {
      title: `Unblock ${name}?`,
      sentence: 'They will be able to sign in again. No old session will come back.',
      verb: 'Unblock',
    },
    () => unblockUser(id),
  )
}
