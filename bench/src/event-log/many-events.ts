import { createHash } from 'node:crypto'
import { type CurfewEvent, createEvent, type EventData, type EventType } from '@curfew/contract'

/** A year and a half of a company with 20,000 people: the same events each time, so that they need no list. */

const START_MS = Date.parse('2027-01-01T00:00:00Z')
/** Between one event and the next. Milliseconds. */
const STEP_MS = 45_000
const USERS = 20_000
const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
]
const FIRST_NAMES = [
  'Ada',
  'Grace',
  'Linus',
  'Vito',
  'Margaret',
  'Edsger',
  'Barbara',
  'Donald',
  'Frances',
  'Alan',
]
const LAST_NAMES = [
  'Admin',
  'Hopper',
  'Torvald',
  'Viewer',
  'Hamilton',
  'Dijk',
  'Liskov',
  'Knut',
  'Allen',
  'Turin',
]

/** Of so many events one is an admin's block, with what an admin writes. */
const BLOCK_EVERY = 2_000

export interface WrittenEvent {
  readonly streamId: string
  readonly json: string
}

export function eventNo(n: number): WrittenEvent {
  const timeMs = momentOf(n)
  return { streamId: `${timeMs}-0`, json: JSON.stringify(eventOf(n, timeMs)) }
}

/** When it happened. Epoch milliseconds. */
export const momentOf = (n: number) => START_MS + n * STEP_MS

/** The facts of an event, for what is searched for. */
export function eventOf(n: number, timeMs = momentOf(n)): CurfewEvent {
  const { source, type, subject, data } = factOf(n)
  return { ...createEvent(source, type, subject, data, new Date(timeMs)), id: uuidOf(`event ${n}`) }
}

function factOf(n: number): { source: string; type: EventType; subject: string; data: EventData } {
  // Scattered, but the same each time; some people are there more often than others.
  const user = Math.floor(((n * 7_919) % USERS) ** 2 / USERS)
  const subject = userId(user)
  const session = Math.floor(n / 3)
  const who = {
    subjectName: nameOf(user),
    ref: hashOf(`session ${session}`).toString('base64url').slice(0, 22),
  }
  const from = {
    ip: addressOf(user),
    userAgent: AGENTS[user % AGENTS.length] ?? '',
    correlationId: uuidOf(`request ${n}`),
  }
  if (n % BLOCK_EVERY === 0) {
    const admin = { actor: userId(1), actorName: nameOf(1) }
    const reason = `Laptop ${n} was lost`
    return { source: 'identity', type: 'user.blocked', subject, data: { ...admin, ...who, ...from, reason } }
  }
  const own = { actor: subject, actorName: who.subjectName, ...who, ...from }
  switch (n % 5) {
    case 0:
      return { source: 'identity', type: 'session.created', subject, data: { ...own, provider: 'dev' } }
    case 1:
      return { source: 'identity', type: 'session.revoked', subject, data: { ...own, reason: 'logged-out' } }
    case 2:
      return {
        source: 'identity',
        type: 'session.expired',
        subject,
        data: { actor: 'system', ...who, reason: 'idle' },
      }
    case 3:
      return {
        source: 'identity',
        type: 'token.revoked',
        subject,
        data: { actor: 'system', ...who, provider: 'dev' },
      }
    default:
      return {
        source: 'projects',
        type: 'project.renamed',
        subject,
        data: { ...own, project: `p-${n % 700}`, before: `Engine ${n % 700}`, after: `Motor ${n % 701}` },
      }
  }
}

const userId = (user: number) => uuidOf(`user ${user}`)
const nameOf = (user: number) =>
  `${FIRST_NAMES[user % 10]} ${LAST_NAMES[Math.floor(user / 10) % 10]} ${Math.floor(user / 100)}`
const addressOf = (user: number) => `10.${user % 7}.${Math.floor(user / 250)}.${user % 250}`

function uuidOf(text: string): string {
  const hex = hashOf(text).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  )
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
