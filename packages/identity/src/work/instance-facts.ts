import {
  type CurfewEvent,
  createEvent,
  type EventType,
  type Keys,
  type Member,
  parseMember,
  renewalIntervalMs,
} from '@curfew/contract'
import type { Redis } from 'ioredis'
import { namedId } from '../named-id.js'

export interface InstanceFactsOptions {
  readonly redis: Pick<Redis, 'hgetall'>
  readonly keys: Pick<Keys, 'members'>
  /** The history of Redis that identity follows, null while it follows none. */
  readonly history: () => string | null
  readonly leaseMs: number
  readonly write: (events: readonly CurfewEvent[]) => Promise<void>
  readonly onError: (error: unknown) => void
}

/**
 * Tells the log which instances come, go, and fall silent, and that Redis has another history: what an operator asks
 * when sign-offs took long. By looking, so up to a quarter of a lease late, and only while an identity runs.
 *
 * @returns stops it
 */
export function watchInstances(options: InstanceFactsOptions): () => void {
  const { redis, keys, history, leaseMs, write, onError } = options
  const everyMs = renewalIntervalMs(leaseMs)
  const notice = createNoticing({ gapMs: 3 * everyMs })
  let timer: NodeJS.Timeout
  let isStopped = false
  /** What was noticed and could not be written: an event is written under the same id as often as it takes. */
  let unwritten: readonly CurfewEvent[] = []

  async function look(): Promise<void> {
    try {
      await writeAll()
      const met = history()
      if (met === null) return
      const rows = Object.entries(await redis.hgetall(keys.members))
      const members = rows.flatMap(([id, row]) => parseMember(id, row) ?? [])
      unwritten = notice({ history: met, members, now: performance.now() })
      await writeAll()
    } catch (error) {
      if (!isStopped) onError(error)
    } finally {
      if (!isStopped) next()
    }
  }

  async function writeAll(): Promise<void> {
    if (unwritten.length === 0 || isStopped) return
    await write(unwritten)
    unwritten = []
  }

  function next(): void {
    timer = setTimeout(() => void look(), everyMs).unref()
  }
  next()

  return function stop() {
    isStopped = true
    clearTimeout(timer)
  }
}

interface Seen {
  readonly member: Member
  /** Since when it is as it is, or since when we have looked again. */
  readonly since: number
  readonly isLost: boolean
}

export interface Look {
  readonly history: string
  readonly members: readonly Member[]
  /** Monotonic milliseconds. */
  readonly now: number
}

/** What is new since the look before. After a gap nobody is called lost for what was not looked at. */
export function createNoticing({ gapMs }: { readonly gapMs: number }) {
  let seen = new Map<string, Seen>()
  let before: { readonly history: string; readonly at: number } | null = null

  return function notice({ history, members, now }: Look): CurfewEvent[] {
    const events: CurfewEvent[] = []
    const hasLooked = before !== null && now - before.at <= gapMs
    const isSame = before?.history === history
    if (!isSame) events.push(historyFact(history, before?.history))

    const next = new Map<string, Seen>()
    for (const member of members) {
      const one = seen.get(member.id)
      const isRenewed = one?.member.renewals !== member.renewals
      const since = one === undefined || isRenewed || !hasLooked ? now : one.since
      const isLost = !isRenewed && (one?.isLost === true || now - since >= member.leaseMs)
      next.set(member.id, { member, since, isLost })
      if (one === undefined) events.push(fact('instance.joined', member))
      else if (one.isLost && isRenewed) events.push(fact('instance.joined', member, one.member.renewals))
      else if (isLost && !one.isLost) events.push(fact('instance.lost', member, member.renewals))
    }
    for (const { member, isLost } of seen.values()) {
      // In another history the whole table may be gone, and they all live.
      if (!next.has(member.id) && !isLost && isSame) events.push(fact('instance.left', member))
    }
    seen = next
    before = { history, at: now }
    return events
  }
}

/** @param renewals by which one that comes back several times is told apart */
function fact(type: EventType, { id: instance, service }: Member, renewals?: number): CurfewEvent {
  const isBack = type === 'instance.joined' && renewals !== undefined
  const event = createEvent('identity', type, null, {
    actor: 'system',
    instance,
    service,
    ...(isBack ? { reason: 'came-back' } : {}),
  })
  return { ...event, id: namedId([type, instance, renewals ?? ''].join(' ')) }
}

function historyFact(after: string, before: string | undefined): CurfewEvent {
  const event = createEvent('identity', 'history.opened', null, {
    actor: 'system',
    ...(before === undefined ? {} : { before }),
    after,
  })
  return { ...event, id: namedId(`history.opened ${after}`) }
}
