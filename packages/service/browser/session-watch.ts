/**
 * Loaded on every page of somebody who is signed in. When the session ends, wherever and by whom, the page
 * says so within a moment and hides what it showed, without a reload. A lost connection is no sign-out.
 */
import { askSession, type SessionAnswer } from './ask-session.js'
import { conceal, reveal, sayChanged, sayConnection, saySignedOut } from './session-notices.js'
import { type SharedStream, type StreamMessage, sharedStream } from './shared-stream.js'

/** Whose page this is. A page that does not say takes the first answer for it. */
let owner = document.documentElement.dataset['user']
let stream: SharedStream | undefined
/** Why the session ended, once the stream said so. */
let reason: string | undefined

// A process's own port knows nothing of the session, so a page that was opened there can't follow it.
if (document.documentElement.dataset['publicOrigin'] === location.origin) watch()

function watch(): void {
  follow()

  window.addEventListener('pageshow', async (shown) => {
    // Back from the browser's memory: meanwhile anything may have happened.
    if (shown.persisted) judge(await askSession())
  })

  document.addEventListener('visibilitychange', async () => {
    // Signed in again in another tab? Then this one may go on, with all that was typed into it.
    if (stream === undefined && document.visibilityState === 'visible') judge(await askSession())
  })
}

function follow(): void {
  stream = sharedStream('/auth/session/stream', onMessage, {
    onState: (state) => sayConnection(state),
    onEnd: async (status) => {
      stream = undefined
      sayConnection('open')
      if (status === 401) judge(await askAfterTheEnd())
    },
  })
}

async function onMessage({ event, data }: StreamMessage): Promise<void> {
  if (event === 'session') {
    const { user } = JSON.parse(data)
    judge({ state: 'signed-in', userId: user.id, name: user.name })
  } else if (event === 'ended') {
    conceal()
    reason = JSON.parse(data).reason
    const answer = await askAfterTheEnd()
    // The stream knows. Only a newer session of this browser may differ: its tabs hear of the old one too.
    judge(answer.state === 'signed-in' ? answer : { state: 'signed-out' })
  }
}

/** A session that was replaced has a successor, whose cookie may still be on its way to another tab. */
async function askAfterTheEnd(): Promise<SessionAnswer> {
  if (reason !== 'replaced') return askSession()
  for (const waitMs of [0, 100, 200, 400, 800, 1_600, 3_200]) {
    await new Promise((resolve) => setTimeout(resolve, waitMs))
    const answer = await askSession()
    if (answer.state === 'signed-in') return answer
  }
  return { state: 'signed-out' }
}

function judge(answer: SessionAnswer): void {
  if (answer.state === 'unknown') return
  if (answer.state === 'signed-out') {
    stop()
    saySignedOut(reason)
    return
  }
  owner ??= answer.userId
  if (answer.userId !== owner) {
    stop()
    sayChanged(answer.name)
    return
  }
  reason = undefined
  reveal()
  if (stream === undefined) follow()
}

function stop(): void {
  stream?.close()
  stream = undefined
  sayConnection('open')
}
