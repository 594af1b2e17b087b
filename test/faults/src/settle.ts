import { setTimeout as pause } from 'node:timers/promises'
import { boundMs, keysOf, parseEvent } from '@curfew/contract'
import { eventually } from '@curfew/testing'
import type { History } from './history/history.js'
import { logIn } from './load/log-in.js'
import type { KnownSession, People } from './load/people.js'
import { visit } from './load/visit.js'
import type { World } from './world/world.js'

export interface SettleOptions {
  readonly world: World
  readonly history: History
  readonly people: People
  /** The system's id of each user, by name. */
  readonly userIds: ReadonlyMap<string, string>
}

const HEALTHY_WITHIN_MS = 30_000
const AT_ONCE = 8
const MOST_ROUNDS = 3
/** What `Retry-After: 1` says. */
const COME_AGAIN_MS = 1_000

/**
 * The last act: waits until everything is well again, lets every lease from before run out, asks every
 * instance about every session that there ever was, and reads the event log.
 */
export async function settle(options: SettleOptions): Promise<void> {
  const { world, history } = options
  history.record({ op: 'healed', at: (await isHealthy(options)) ? history.now() : null })
  await pause(2 * boundMs(world.leaseMs))
  await askEverybodyEverywhere(options)
  await readLog(options)
}

/** Somebody signs in, and every instance lets them in. */
async function isHealthy({ world, history, people }: SettleOptions): Promise<boolean> {
  const { identity, instances } = world
  let session: KnownSession | null = null
  try {
    await eventually(
      async () => {
        session ??= (await logIn({ history, identity, people }, 'the-last')).session
        const asked = session
        if (asked === null) return false
        const answers = await Promise.all(instances.map((instance) => visit(history, instance, asked)))
        return answers.every(({ outcome }) => outcome === 'accepted')
      },
      { within: HEALTHY_WITHIN_MS },
    )
    return true
  } catch (error) {
    console.error(error)
    return false
  }
}

/** Again from the beginning where somebody was told to come again: the machine may stand still for a moment, but not each time. */
async function askEverybodyEverywhere(options: SettleOptions): Promise<void> {
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    if (await askRound(options)) return
    await pause(COME_AGAIN_MS)
  }
}

/** Whether all were answered. */
async function askRound({ world, history, people }: SettleOptions): Promise<boolean> {
  const questions = people.all.flatMap((session) =>
    world.instances.map((instance) => ({ session, instance })),
  )
  let isAnswered = true
  const work = async () => {
    for (let next = questions.pop(); next !== undefined; next = questions.pop()) {
      const { outcome } = await visit(history, next.instance, next.session, { final: true })
      if (outcome === 'unavailable') isAnswered = false
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return isAnswered
}

/** The lines that say that a session began, or that somebody was signed off. */
async function readLog({ world, history, userIds }: SettleOptions): Promise<void> {
  const { log } = keysOf('curfew')
  const names = new Map([...userIds].map(([name, id]) => [id, name]))
  const lines = await world.redis.ask((redis) => redis.xrange(log, '-', '+'))
  for (const [position, [, [, json = '']]] of lines.entries()) {
    const event = parseEvent(json)
    if (event === null || !TOLD.has(event.type)) continue
    const { id, type, subject, data } = event
    history.record({
      op: 'logged',
      position,
      type,
      eventId: id,
      operation: data.correlationId ?? '',
      user: names.get(subject ?? '') ?? '',
      ...(data.ref === undefined ? {} : { ref: data.ref }),
      ...(data.reason === undefined ? {} : { reason: data.reason }),
    })
  }
}

const TOLD = new Set([
  'session.created',
  'session.revoked',
  'session.expired',
  'user.logged-out',
  'user.blocked',
  'everyone.logged-out',
])
