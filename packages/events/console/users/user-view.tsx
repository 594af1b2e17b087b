import { deviceName } from '@curfew/service/browser/device-name'
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { focusOn, isFocusLost, PassingButton } from '../focus.js'
import { createInOrder } from '../in-order.js'
import { Ago, Moment } from '../moments.js'
import { useRest } from '../rest.js'
import { Avatar } from './avatar.js'
import { isOneself } from './oneself.js'
import { type Asked, QuestionDialog } from './question.js'
import { blocking, ending, signingOff, unblocking } from './questions.js'
import { type ConsoleSession, type ConsoleUser, getUser, sessionsOf } from './users-api.js'

interface UserViewProps {
  readonly id: string
  /** Another number: something may have happened, look again. */
  readonly changes: number
  readonly onLookAgain: () => void
}

interface Found {
  readonly user: ConsoleUser
  readonly sessions: readonly ConsoleSession[]
}

interface Looked {
  /** As they were when somebody could last tell. */
  readonly found: Found | null
  /** A sentence, when it could not be looked again. */
  readonly trouble: string | null
}

/** Everything about one user, and what an admin can do. */
export function UserView({ id, changes, onLookAgain }: UserViewProps) {
  const [{ found, trouble }, setLooked] = useState<Looked>({ found: null, trouble: null })
  const [asked, ask] = useState<Asked | null>(null)
  const look = useMemo(createInOrder, [])
  const rest = useRest(onLookAgain)
  useEffect(() => {
    const isNews = look()
    void lookAt(id).then((looked) => {
      if (!isNews()) return
      setLooked((before) => ({ ...looked, found: looked.found ?? before.found }))
      if (looked.trouble === null) rest.end()
      else rest.begin()
    })
  }, [id, changes])
  const wasAsked = useRef(false)
  useLayoutEffect(() => {
    // The session that it was about may be gone, and the button with it.
    if (wasAsked.current && isFocusLost()) focusOn('#user-view')
    wasAsked.current = asked !== null
  }, [asked])

  return (
    <>
      <a class="back-link" href="/console/users">
        ← All users
      </a>
      {trouble !== null && (
        <div class="notice warn with-way" id="user-trouble" role="alert">
          <p>{trouble}</p>
          <PassingButton leadsTo="#user-view" class="small" onClick={onLookAgain}>
            Try again
          </PassingButton>
        </div>
      )}
      {found !== null && <Person {...found} onAsk={ask} />}
      {found === null && trouble === null && <p role="status">Loading…</p>}
      {asked !== null && (
        <QuestionDialog
          asked={asked}
          onClose={(isDone) => {
            ask(null)
            if (isDone) onLookAgain()
          }}
        />
      )}
    </>
  )
}

async function lookAt(id: string): Promise<Looked> {
  const [user, sessions] = await Promise.all([getUser(id), sessionsOf(id)])
  if (!user.ok) return { found: null, trouble: user.detail }
  if (!sessions.ok) return { found: null, trouble: sessions.detail }
  return { found: { user: user.body, sessions: sessions.body.sessions }, trouble: null }
}

interface PersonProps {
  readonly user: ConsoleUser
  readonly sessions: readonly ConsoleSession[]
  readonly onAsk: (asked: Asked) => void
}

function Person({ user, sessions, onAsk }: PersonProps) {
  const { name, email, roles, blocked, provider, subject, lastLoginAt, id } = user
  return (
    <>
      <header class="user-head">
        <Avatar user={user} />
        <div>
          <h2>{name}</h2>
          <p class="soft">{email ?? 'No e-mail address'}</p>
        </div>
        <p class="user-badges">
          {roles.map((role) => (
            <span key={role} class="badge">
              {role}
            </span>
          ))}
          {blocked && <span class="badge danger">blocked</span>}
        </p>
      </header>
      {blocked && (
        <p class="notice danger">
          Blocked <Ago at={blocked.at} />
          {blocked.reason !== null && `: “${blocked.reason}”`}. No login is accepted.
        </p>
      )}
      <p class="actions">
        <button type="button" onClick={() => onAsk(signingOff(user))}>
          Sign off everywhere
        </button>
        {blocked ? (
          <button type="button" onClick={() => onAsk(unblocking(user))}>
            Unblock
          </button>
        ) : (
          // Identity refuses it: nobody might be left to unblock them.
          !isOneself(id) && (
            <button type="button" class="danger" onClick={() => onAsk(blocking(user))}>
              Block
            </button>
          )
        )}
        <a class="button quiet" href={`/console?user=${encodeURIComponent(id)}`}>
          Show in the log
        </a>
      </p>
      <h3>{sessions.length === 1 ? '1 session' : `${sessions.length || 'No'} sessions`}</h3>
      {sessions.length === 0 ? (
        <p class="soft">{name} is not signed in anywhere.</p>
      ) : (
        <ul class="sessions">
          {sessions.map((session) => (
            <SessionRow key={session.ref} session={session} onEnd={() => onAsk(ending(user, session))} />
          ))}
        </ul>
      )}
      <h3>Account</h3>
      <dl class="facts small">
        <Fact name="Last login">
          <Moment at={lastLoginAt} />
        </Fact>
        <Fact name="Signs in with">
          {provider}, as {subject}
        </Fact>
        <Fact name="User">
          <span class="mono">{id}</span>
        </Fact>
      </dl>
    </>
  )
}

function SessionRow({ session, onEnd }: { readonly session: ConsoleSession; readonly onEnd: () => void }) {
  const { device, createdAt, lastSeenAt, current, ref } = session
  const name = deviceName(device.userAgent)
  return (
    <li title={`Session ${ref}`}>
      <div class="session-device">
        <strong title={device.userAgent}>{name}</strong>
        {current && <span class="badge info">this browser</span>}
      </div>
      <div class="session-facts">
        <span class="mono">{device.ip}</span> · since <Moment at={createdAt} /> ·{' '}
        <a
          href={`/console?ref=${encodeURIComponent(ref)}`}
          aria-label={`Show the session in ${name} in the log`}
        >
          in the log
        </a>
      </div>
      <div class="session-seen">
        seen <Ago at={lastSeenAt} />
      </div>
      <PassingButton
        leadsTo="#user-view"
        class="small"
        aria-label={`End the session in ${name}, ${device.ip}`}
        onClick={onEnd}
      >
        End
      </PassingButton>
    </li>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}
