import type { Hello } from '@curfew/guard/following'
import type { Configuration } from './configurations.js'
import {
  type Coordinator,
  type Coordinators,
  executed,
  isIdle,
  isOver,
  moved as movedCoordinator,
} from './coordinator.js'
import { type Deployment, holdersNeeded, nodeOf, withNode, writable } from './deployment.js'
import { type Instance, type Message, moved as movedInstance } from './instance.js'
import type { Instances } from './instance-rules.js'
import { everyone, type Hook, type List, type Memory, noted, type Request, refreshed } from './recovery.js'
import { isOpen, SETTLED, type Store } from './redis.js'
import type { Rules } from './rules.js'

interface AtRedis {
  readonly label: string
  readonly isFault: boolean
  readonly redis: Deployment
  /** A sign-off that was published. */
  readonly published: Message | null
}

/** What Redis does with what was sent to it. */
export function createServer(
  rules: Rules,
  {
    configuration,
    instances,
    coordinators,
    leaseOf,
  }: {
    configuration: Configuration
    instances: Instances
    coordinators: Coordinators
    leaseOf: (name: string) => number
  },
) {
  const { signOff: kind, readsAtOnce, hellos, drops, looksAround, timely } = configuration

  function stepsOfInstance(instance: Instance, redis: Deployment): Array<AtRedis & { instance: Instance }> {
    const { name, hello, read, stray, memory, node } = instance
    const found: Array<AtRedis & { instance: Instance }> = []
    if (redis.isAway) return found
    const store = nodeOf(redis, node)
    const step = (label: string, next: Instance, changed: Store = store) =>
      found.push({
        label: `${name}: ${label}`,
        isFault: false,
        instance: next,
        redis: withNode(redis, node, changed),
        published: publishedBy(store, changed),
      })

    if (node === 0 && redis.master !== 'old') step('connects to the new master', movedInstance(instance, 1))
    const sent = hello === null && hellos === 'take no time' ? instances.sentHello(instance) : hello
    if (sent?.stage === 'sent' && writable(redis, node)) {
      const { changed, reply, numbers } = sayHello(instance, redis, sent.says, false)
      const next = instances.helloed({ ...instance, hello: sent }, reply, false)
      const isAnswered = hellos !== 'take time' && next.hello?.stage === 'answered'
      const told =
        reply.answer === 'late'
          ? 'late'
          : `${reply.answer.standing}, ${reply.answer.history}, head ${reply.answer.head}`
      step(
        `Redis takes its hello (${told})`,
        recoveredFrom(isAnswered ? instances.answerHello(next, next.hello) : next, changed),
        changed,
      )
      const last = found.at(-1)
      if (last !== undefined) {
        // Who has greeted is asked until it is open, or known to be behind.
        const isAsked = timely && !isOpen(changed) && !changed.lost
        const greeted = isAsked ? greetedBy(redis, name) : []
        found[found.length - 1] = { ...last, redis: { ...last.redis, greeted, numbers } }
      }
    }
    if (stray !== null && writable(redis, node)) {
      const { changed, reply } = sayHello(instance, redis, stray.says, stray.isLate)
      step('Redis takes the hello that was given up', instances.helloed(instance, reply, true), changed)
    }
    if (read?.stage === 'sent')
      step('Redis takes its read', instances.readAnswered(instance, rules.READ(store)))
    if (readsAtOnce && instances.serves(instance) && !instance.keeps) {
      const answered = instances.readAnswered(instance, rules.READ(store))
      if (answered.read?.stage === 'answered') {
        const { found: isFound } = answered.read
        step(
          `reads the session: ${isFound ? 'valid' : 'none'}`,
          instances.answerRead(answered, answered.read),
        )
      }
    }
    if (memory !== null) {
      if (memory.noting !== null) {
        for (const hook of memory.hooks) {
          step('reads the row for too long, and its hook is over', finished(instance, memory, [hook]))
          lastIsFault()
        }
        step(
          'reads the row of the user who was blocked',
          finished(instance, noted(memory, store), memory.hooks),
        )
      } else if (memory.hooks.length > 0) step('its hook is over', finished(instance, memory, memory.hooks))
      addLists(memory)
      if (memory.request !== null && writable(redis, node)) {
        const { request } = memory
        const [changed, next] = recover(memory, request, store)
        step(
          `Redis takes ${request.script}${changed === store ? ', in vain' : ''}`,
          { ...instance, memory: next },
          changed,
        )
      }
    }
    return found

    function lastIsFault(): void {
      const last = found.pop()
      if (last !== undefined) found.push({ ...last, isFault: true })
    }

    /** remembered.ts asks again and again until it is informed, and then now and then. */
    function addLists(memory: Memory): void {
      const { history, user } = store
      const list = { history, isBlocked: user?.isBlocked === true }
      if (kind === 'session') {
        // Nobody can be forgotten: all that matters is from when on it is informed.
        if (!memory.isInformed && isOpen(store) && history === instance.following.history)
          step('Redis says who is blocked', informed(instance, memory, list))
      } else if (memory.list !== null) {
        step('is told who is blocked', informed(instance, memory, memory.list))
        step('the answer who is blocked is lost', { ...instance, memory: { ...memory, list: null } })
        lastIsFault()
      } else if (isOpen(store) && mayTeach(memory, list)) {
        step('Redis says who is blocked', { ...instance, memory: { ...memory, list } })
      }
    }
  }

  /** Whatever happens while an answer is under way outdates it, so that one which says nothing new never will. */
  function mayTeach({ isInformed, knowsBlock }: Memory, { isBlocked }: List): boolean {
    return !rules.aFlushOutdatesLists || !isInformed || knowsBlock !== isBlocked
  }

  function informed(instance: Instance, memory: Memory, list: List): Instance {
    const next = refreshed(memory, list, instance.following)
    return finished(instance, next, [])
  }

  function sayHello(instance: Instance, redis: Deployment, says: Hello, isLate: boolean) {
    const { name, node } = instance
    const store = nodeOf(redis, node)
    const renewals = drops ? nextNumber(redis, name) : 0
    const [changed, reply] = rules.HELLO(
      store,
      { instance: name, leaseMs: leaseOf(name), says, isLate, renewals },
      kind,
    )
    const numbers = changed.members === store.members ? redis.numbers : numbered(redis, name, renewals)
    return { changed, reply, numbers }
  }

  function finished(instance: Instance, memory: Memory, over: readonly Hook[]): Instance {
    const hooks = memory.hooks.filter((hook) => !over.includes(hook))
    let next: Instance = { ...instance, memory: { ...memory, hooks } }
    for (const { history, sequence } of over) {
      next = instances.take(next, {
        type: 'hooks-finished',
        history,
        from: sequence,
        sequence,
        failed: false,
      })
    }
    return next
  }

  /** recovery.ts: what comes of what it asked for. */
  function recover(memory: Memory, request: Request, store: Store): [Store, Memory] {
    const over: Memory = { ...memory, request: null, behindSince: null }
    if (request.script === 'END_EVERYONE') {
      const [next, isDone] = rules.END_EVERYONE(store, request)
      return [next, isDone ? over : { ...memory, request: null }]
    }
    const recorded = rules.RECORD_AGAIN(store, request, kind)
    return recorded === null ? [store, { ...memory, request: everyone(memory, request) }] : [recorded, over]
  }

  function stepsOfCoordinator(
    coordinator: Coordinator,
    redis: Deployment,
    isFollowed: boolean,
  ): Array<AtRedis & { coordinator: Coordinator }> {
    const { coordination, signOff, drop, node } = coordinator
    const found: Array<AtRedis & { coordinator: Coordinator }> = []
    if (redis.isAway) return found
    const store = nodeOf(redis, node)
    const step = (label: string, next: Coordinator, changed: Store = store) =>
      found.push({
        label: `coordinator: ${label}`,
        isFault: false,
        coordinator: next,
        redis: withNode(redis, node, changed),
        published: publishedBy(store, changed),
      })

    const isNews = coordination.known?.history !== store.history
    function beWitness(): void {
      const reply = { kind: 'witness', ...rules.WITNESS_HISTORY(store) } as const
      const next = executed(coordinator, reply, rules.holders(holdersNeeded(redis)))
      // That Redis has another history can as well be noticed later, so that this answer is never under way.
      const isKnownAtOnce = isNews && next.command?.stage === 'answered'
      step('Redis is witness', isKnownAtOnce ? coordinators.answered(next).next : next)
      const last = found.at(-1)
      if (drops && last !== undefined) found[found.length - 1] = { ...last, redis: lookedAt(last.redis) }
    }

    if (node === 0 && redis.master !== 'old')
      step('connects to the new master', movedCoordinator(coordinator, 1))
    if (!writable(redis, node)) return found
    if (drop !== null) {
      step('Redis takes rows off the table', { ...coordinator, drop: null }, rules.DROP_MEMBERS(store, drop))
    }
    if (!isIdle(coordinator)) return found
    const isLate = drops && isOver(coordinator)
    if (coordination.isAsking || looksAround || isLate || (isNews && !isOver(coordinator))) beWitness()
    if (signOff === 'not recorded' || (signOff === 'overtaken' && rules.recordsAgain)) {
      const call = { isFollowed, isAgain: signOff === 'overtaken' }
      const [changed, reply] = kind === 'session' ? rules.END_SESSION(store, call) : rules.BLOCK(store, call)
      const needed =
        changed === store && rules.trustsWaitWithoutWrite ? 0 : rules.holders(holdersNeeded(redis))
      const sequence = reply.kind === 'recorded' ? `, ${reply.history}, ${reply.sequence}` : ''
      // A closed history, or one that its guard does not follow, changes nothing: it tries again.
      if (reply.kind !== 'closed') {
        step(`records the sign-off (${reply.kind}${sequence})`, executed(coordinator, reply, needed), changed)
      }
    }
    return found
  }

  /** Whether Redis may have something to do for it: it is not asked in vain. */
  function isAskedBy({ hello, stray, read, memory, node, keeps }: Instance): boolean {
    const reads = readsAtOnce && !keeps
    const asks = memory !== null && (kind === 'block' || !memory.isInformed)
    const works =
      memory !== null && (memory.request !== null || memory.noting !== null || memory.hooks.length > 0)
    const recovers = works || asks
    const says = hello?.stage === 'sent' || hellos === 'take no time'
    return says || stray !== null || read?.stage === 'sent' || reads || recovers || node === 0
  }

  /**
   * What it has said goes to Redis at once, unless that is away, or has another history: then nobody hears it. It is said
   * on the connection that listens, which may be to another node than the one that is asked.
   */
  function published(instance: Instance, redis: Deployment): Instance {
    const { acknowledgement } = instance
    if (acknowledgement === null) return instance
    const { history } = acknowledgement
    const isTaken = !redis.isAway && redis.nodes.some((node) => rules.ACKNOWLEDGE(node, history))
    return isTaken ? instance : { ...instance, acknowledgement: null }
  }

  return { stepsOfInstance, stepsOfCoordinator, isAskedBy, published }
}

/** Redis can't be behind in this history any more, so that it makes no difference since when it was known. */
function recoveredFrom(instance: Instance, { history, openedAt }: Store): Instance {
  const { memory } = instance
  if (memory?.behindSince?.history !== history || openedAt !== SETTLED) return instance
  return { ...instance, memory: { ...memory, behindSince: null } }
}

/** Only what is published by a script that recorded one more. */
function publishedBy(before: Store, after: Store): Message | null {
  const entry = after.signOffs.at(-1)
  return entry === undefined || after.head === before.head ? null : { history: after.history, entry }
}

function greetedBy({ greeted }: Deployment, name: string): readonly string[] {
  return greeted.includes(name) ? greeted : [...greeted, name].toSorted()
}

/**
 * Rows are numbered by hellos. Only whether a row is the one that was looked at last makes a difference, so that
 * two numbers are enough: the other one, once it was looked at.
 */
function nextNumber({ numbers }: Deployment, name: string): number {
  const last = numbers.find(({ instance }) => instance === name)
  if (last === undefined) return 0
  return last.isLookedAt ? 1 - last.renewals : last.renewals
}

function numbered({ numbers }: Deployment, instance: string, renewals: number): Deployment['numbers'] {
  const others = numbers.filter((one) => one.instance !== instance)
  return [...others, { instance, renewals, isLookedAt: false }].toSorted((a, b) =>
    a.instance < b.instance ? -1 : 1,
  )
}

function lookedAt(redis: Deployment): Deployment {
  return { ...redis, numbers: redis.numbers.map((one) => ({ ...one, isLookedAt: true })) }
}
