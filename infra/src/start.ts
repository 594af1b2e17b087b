import { once } from 'node:events'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { begin, bold, dim, step, warn } from '../terminal.mjs'
import { DEMO_PASSWORD, DEMO_USERS } from './dev-provider/demo-users.js'
import { readBasePort } from './ports.js'
import { type Progress, type System, startSystem } from './system.js'
import { watchSources } from './watch-sources.js'

/**
 * `npm start`: starts the system, says where it is, and stays until it is told to end.
 *
 * @param watch `npm run dev`: compile what changes, and start again what was compiled
 */
export async function start({ watch }: { readonly watch: boolean }): Promise<void> {
  const asked = listenForSignals()
  try {
    const system = await startSystem({
      stateDir: fileURLToPath(new URL('../../.curfew/', import.meta.url)),
      basePort: readBasePort(process.env['CURFEW_PORT']),
      onProgress: show,
      signal: asked.once,
    })
    asked.twice.addEventListener('abort', () => void system.kill())
    welcome(system)
    if (watch) watchSources(system, asked.once)
    if (!asked.once.aborted) await once(asked.once, 'abort')
    await system.stop()
  } catch (error) {
    if (!asked.once.aborted || error !== asked.once.reason) throw error
  }
  console.log(`\n  ${dim('Everything has ended.')}\n`)
  process.exit()
}

function show(progress: Progress): void {
  if (progress.type === 'ready') step(progress.name, progress.address, progress.tookMs)
  else if (progress.type === 'stopped') step(progress.name, 'ended', progress.tookMs)
  else if (progress.type === 'back') step(progress.name, 'runs again')
  else
    warn(
      `${progress.name} ended by itself (${progress.reason}); starting it again in ${progress.againInMs} ms`,
    )
}

function welcome({ url, console: consoleUrl, provider, logsDir }: System): void {
  const names = DEMO_USERS.map(({ username }) => bold(username))
  const whom =
    provider === null
      ? 'an account of your provider'
      : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}, each with the password ${bold(DEMO_PASSWORD)}`
  console.log(`
  ${bold('Curfew is ready.')}

  Open         ${bold(url)}
  Sign in as   ${whom}
  Console      ${consoleUrl}  ${dim(provider === null ? '(role admin)' : '(as admin)')}
  Logs         ${relative(process.cwd(), logsDir)}/<name>.log

  ${dim('Ctrl-C ends everything. What is stored stays, and so does who is signed in.')}
`)
}

/**
 * npm passes a Ctrl-C on that the terminal has sent us already, so one press may arrive twice. What comes this
 * soon after the first is not a second thought.
 */
const SAME_PRESS_MS = 500

/** Aborts `once` when we are asked to end, and `twice` when that takes too long for somebody. */
function listenForSignals() {
  const [first, second] = [new AbortController(), new AbortController()]
  let askedAt = 0
  function onSignal() {
    if (!first.signal.aborted) {
      askedAt = performance.now()
      console.log()
      begin('ending everything (Ctrl-C again: at once)')
      first.abort()
    } else if (performance.now() - askedAt > SAME_PRESS_MS) {
      second.abort()
    }
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal)
  if (process.env['npm_lifecycle_event'] !== undefined) whenParentEnds(onSignal)
  return { once: first.signal, twice: second.signal }
}

/** An npm that is killed tells nobody, and whoever ran it believes that everything has ended. */
function whenParentEnds(onEnd: () => void): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    onEnd()
  }, LOOK_FOR_PARENT_MS)
  timer.unref()
}

const LOOK_FOR_PARENT_MS = 500
