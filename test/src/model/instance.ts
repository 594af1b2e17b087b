import type { SignOff } from '@curfew/contract'
import {
  type FollowInput,
  type Following,
  type Hello,
  type HelloAnswer,
  type Instant,
  NOT_FOLLOWING,
  type ReadStamp,
} from '@curfew/guard/following'
import type { Remembering } from '@curfew/identity/dist/sign-off/coordinator.js'
import { type Clock, LEASE_MS, NOW, TICK_MS } from './clock.js'
import type { Acknowledgement } from './coordinator.js'
import { keyOfMemory, type Memory, NEW_MEMORY, remember, requestOf, unfinished } from './recovery.js'
import {
  covers,
  type Entry,
  type HelloReply,
  isEarlier,
  type ReadReply,
  type SignOffKind,
  signOffOf,
} from './redis.js'
import type { Rules } from './rules.js'

/**
 * A process that mounts a guard, with its connections: what `createFollower`, `createStoreLink` and
 * `createSessionLookup` do around the reducer. It has one session in memory, or not.
 */
export interface Instance {
  readonly name: string
  readonly following: Following
  /** Whether the session is in memory. */
  readonly keeps: boolean
  readonly hello: SentHello | AnsweredHello | null
  /** A hello that was given up, and arrives all the same. */
  readonly stray: { readonly says: Hello; readonly isLate: boolean } | null
  readonly read: SentRead | AnsweredRead | null
  /** Published sign-offs on their way here. */
  readonly messages: readonly Message[]
  /** What it said last of what is applied, on its way to identity. */
  readonly acknowledgement: Acknowledgement | null
  /** That is sent behind a hello, on the same connection. */
  readonly saysBehindHello: boolean
  /** The Redis that it is connected to. */
  readonly node: 0 | 1
  /** What an identity remembers beside. */
  readonly memory: Memory | null
}

export interface Message {
  readonly history: string
  readonly entry: Entry
}

interface SentHello {
  readonly stage: 'sent'
  readonly sentAt: Instant
  readonly says: Hello
}

interface AnsweredHello {
  readonly stage: 'answered'
  readonly sentAt: Instant
  readonly answer: HelloAnswer
}

interface SentRead {
  readonly stage: 'sent'
  readonly flushesWhenSent: number
}

interface AnsweredRead {
  readonly stage: 'answered'
  readonly stamp: ReadStamp
  readonly found: boolean
}

export interface InstanceOptions {
  readonly name: string
  readonly leaseMs: number
  readonly isIdentity: boolean
  /** When it starts, unless that is at the beginning. */
  readonly comes?: 'once confirmed' | 'with the second history'
}

/** Hellos, and their answers, are under way for as long as they want; or only hellos are; or neither. */
export type Hellos = 'take time' | 'are answered at once' | 'take no time'

export interface InstanceStep {
  readonly label: string
  readonly isFault: boolean
  readonly next: Instance
}

export function newInstance({ name, isIdentity }: InstanceOptions): Instance {
  return {
    name,
    following: NOT_FOLLOWING,
    keeps: false,
    hello: null,
    stray: null,
    read: null,
    messages: [],
    acknowledgement: null,
    saysBehindHello: false,
    node: 0,
    memory: isIdentity ? NEW_MEMORY : null,
  }
}

/** What the rules make of an instance. `leaseMs` follows from its name. */
export function createInstances(
  rules: Rules,
  {
    kind,
    leaseOf,
    mostMessages,
    canBeBehind,
    isAlone,
  }: {
    kind: SignOffKind
    leaseOf: (name: string) => number
    mostMessages: number
    /** Whether Redis can lose sign-offs: else nobody has to remember them. */
    canBeBehind: boolean
    /** There is no other identity. */
    isAlone: boolean
  },
) {
  const othersMs = rules.waitForOthersMs(LEASE_MS)
  const { knowsWhatItRemembers } = rules
  const serves = ({ name, following }: Instance) => rules.mayServe(following, NOW, leaseOf(name))

  /** Takes an input, and carries out what `follow` wants done. */
  function take(instance: Instance, input: FollowInput): Instance {
    const before = instance.following
    const [following, effects] = rules.follow(before, input, NOW)
    let next: Instance = { ...instance, following }
    for (const effect of effects) {
      switch (effect.type) {
        case 'apply': {
          const { signOff } = effect
          if (covers(signOff) && rules.drops('sign-off')) next = { ...next, keeps: false }
          next = runHooks(next, following.history ?? '', signOff.sequence, signOff)
          break
        }
        case 'flush':
          if (rules.drops('everything')) next = { ...next, keeps: false }
          next = runHooks(next, effect.history, effect.upTo, 'everything')
          break
        case 'acknowledge': {
          const { history, sequence } = effect
          // Nothing has the number 0 that anybody could wait for.
          if (sequence === 0) break
          next = said(next, history, sequence)
          break
        }
        case 'report-behind': {
          if (next.memory === null) break
          const leased = rules.mayServe(before, NOW, leaseOf(next.name))
          next = {
            ...next,
            memory: requestOf(
              next.memory,
              { ...effect, followed: before, leased },
              { othersMs, knowsWhatItRemembers, isAlone },
            ),
          }
          break
        }
        case 'hello':
        case 'hello-later':
          break // it may say hello at any time
      }
    }
    return settled(next)
  }

  /**
   * Without what makes no difference. Flushes are counted relative to the read that is under way, since nobody else
   * compares them. A read that can't be used any more, or will find what is known already, is one that was lost; and
   * so is a message that says nothing new.
   */
  function settled(instance: Instance): Instance {
    const { following, read, memory } = instance
    const { flushes, history, applied } = following
    const next: Instance = {
      ...instance,
      following: { ...following, flushes: 0 },
      messages: instance.messages.filter((message) => isNews(message, following)),
      memory: memory && {
        ...unfinished(memory, following),
        ...(canBeBehind ? {} : { recent: [] }),
      },
    }
    if (read === null) return next
    const sent = read.stage === 'sent' ? read.flushesWhenSent : read.stamp.flushesWhenSent
    const flushesWhenSent = sent === flushes ? 0 : -1
    const best = { history: history ?? '', head: applied, isOpen: true }
    const stamp = { ...(read.stage === 'sent' ? best : read.stamp), flushesWhenSent }
    const leased = { ...next.following, leasedAt: NOW }
    const isUseless =
      rules.judgeRead(leased, stamp, NOW, LEASE_MS) === 'read-again' ||
      (read.stage === 'answered' && !read.found && !instance.keeps)
    if (isUseless) return { ...next, read: null }
    return { ...next, read: read.stage === 'sent' ? { stage: 'sent', flushesWhenSent } : { ...read, stamp } }
  }

  /** Hooks are done at once, but for those of identity that ask Redis. */
  function runHooks(
    instance: Instance,
    history: string,
    sequence: number,
    signOff: SignOff | 'everything',
  ): Instance {
    let next = instance
    if (next.memory !== null) {
      const { aFlushOutdatesLists: outdatesLists } = rules
      const memory = remember(next.memory, { history, sequence, signOff }, { outdatesLists })
      next = { ...next, memory }
      if (memory.hooks.some((hook) => hook.history === history && hook.sequence === sequence)) return next
    }
    return take(next, { type: 'hooks-finished', history, sequence, failed: false })
  }

  function sentHello({ name, following }: Instance): SentHello {
    return { stage: 'sent', sentAt: NOW, says: rules.helloOf(following, NOW, leaseOf(name)) }
  }

  function answerHello(instance: Instance, { sentAt, answer }: AnsweredHello): Instance {
    return take({ ...instance, hello: null }, { type: 'hello-answered', sentAt, ...answer })
  }

  function answerRead(instance: Instance, { stamp, found }: AnsweredRead): Instance {
    const verdict = rules.judgeRead(instance.following, stamp, NOW, leaseOf(instance.name))
    return settled({ ...instance, read: null, keeps: verdict === 'use' ? found : instance.keeps })
  }

  /** What it may do by itself. */
  function stepsOf(
    instance: Instance,
    { strays, readsAtOnce, hellos }: { strays: boolean; readsAtOnce: boolean; hellos: Hellos },
  ): InstanceStep[] {
    const { name, hello, read, messages } = instance
    const found: InstanceStep[] = []
    const step = (label: string, next: Instance, isFault = false) =>
      found.push({ label: `${name}: ${label}`, isFault, next })

    if (hello === null) {
      const sent = sentHello(instance)
      if (hellos !== 'take no time') step(`says ${described(sent)}`, { ...instance, hello: sent })
    } else {
      step('its hello, or the answer, is lost', lostBehind({ ...instance, hello: null }), true)
      if (hello.stage === 'answered') {
        const { standing, history, head } = hello.answer
        step(`is told "${standing}" (${history}, head ${head})`, answerHello(instance, hello))
      } else if (strays && instance.stray === null) {
        step(
          'gives its hello up, which is still on its way',
          lostBehind({ ...instance, hello: null, stray: { says: hello.says, isLate: false } }),
          true,
        )
      }
    }

    if (read === null) {
      if (!readsAtOnce && serves(instance) && !instance.keeps) {
        step('asks Redis for the session', { ...instance, read: { stage: 'sent', flushesWhenSent: 0 } })
      }
    } else {
      step('its read is lost', { ...instance, read: null }, true)
      if (read.stage === 'answered') {
        step(
          `the read is answered: ${read.found ? 'valid' : 'no session'} (${read.stamp.history}, head ${read.stamp.head})`,
          answerRead(instance, read),
        )
      }
    }

    const [message, ...later] = messages
    if (message !== undefined) {
      const signOff = signOffOf(message.entry, kind)
      const heard = take(
        { ...instance, messages: later },
        { type: 'heard', history: message.history, signOff },
      )
      step(`hears ${message.entry.what} (${message.history}, ${signOff.sequence})`, heard)
    }
    return found
  }

  return {
    serves,
    take,
    stepsOf,
    sentHello,
    answerHello,
    answerRead,
    /** Redis has answered the hello, or the one that strayed. */
    helloed(instance: Instance, { answer, acknowledged }: HelloReply, isStray: boolean): Instance {
      const history = answer === 'late' ? '' : answer.history
      const told = acknowledged === null ? instance : said(instance, history, acknowledged)
      if (isStray) return { ...told, stray: null }
      const next = { ...told, saysBehindHello: false }
      const { hello } = instance
      if (answer === 'late' || hello === null) return { ...next, hello: null }
      const wroteRow = answer.standing === 'joined' || answer.standing === 'renewed'
      return {
        ...next,
        hello: { stage: 'answered', sentAt: hello.sentAt, answer },
        stray: next.stray && { ...next.stray, isLate: next.stray.isLate || wroteRow },
      }
    },
    readAnswered(instance: Instance, { found, ...stamp }: ReadReply): Instance {
      const flushesWhenSent = instance.read?.stage === 'sent' ? instance.read.flushesWhenSent : 0
      return settled({
        ...instance,
        read: { stage: 'answered', stamp: { ...stamp, flushesWhenSent }, found },
      })
    },
    /** A published sign-off is on its way to it. Null when it can't hold more: then it is lost. */
    told(instance: Instance, message: Message): Instance | null {
      if (instance.messages.length >= mostMessages) return null
      const { history, entry } = message
      const next = { ...instance, messages: [...instance.messages, message] }
      const isOurs = history === instance.following.history
      return rules.acknowledgesWhenHeard && isOurs ? said(next, history, entry.sequence) : next
    },
    /** Whether a request that starts now is answered from memory, or from a read that it joins. */
    accepts(instance: Instance): 'from memory' | 'by a read' | null {
      if (instance.keeps && serves(instance)) return 'from memory'
      const { read, following, name } = instance
      if (read?.stage !== 'answered' || !read.found) return null
      return rules.judgeRead(following, read.stamp, NOW, leaseOf(name)) === 'use' ? 'by a read' : null
    },
  }
}

function described({ says }: SentHello): string {
  const { history, applied, opens } = says
  const facts = [history ?? 'no history', `applied ${applied}`]
  if (opens !== null) facts.push(`may open ${opens}`)
  return `hello (${facts.join(', ')})`
}

function isNews({ history, entry }: Message, following: Following): boolean {
  if (following.history === null) return true
  if (history === following.history) return entry.sequence > following.applied
  return !isEarlier(history, following.history)
}

/** Whether it has said something just now that is not behind a hello any more. */
export function speaks(before: Instance, { acknowledgement, saysBehindHello }: Instance): boolean {
  if (acknowledgement === null || saysBehindHello) return false
  return acknowledgement !== before.acknowledgement || before.saysBehindHello
}

/** What it has acknowledged makes no difference to anybody any more. */
export function silenced(instance: Instance, mattersLater: boolean): Instance {
  const { following, hello, stray, memory } = instance
  const unheard = <T extends { readonly says: Hello }>(sent: T): T => ({
    ...sent,
    says: { ...sent.says, acknowledged: 0 },
  })
  return {
    ...instance,
    following: { ...following, unfinished: [] },
    hello: hello?.stage === 'sent' ? unheard(hello) : hello,
    stray: stray && unheard(stray),
    acknowledgement: null,
    saysBehindHello: false,
    memory: memory && { ...memory, hooks: [], isInformed: memory.isInformed || !mattersLater, since: 0 },
  }
}

function said(instance: Instance, history: string, sequence: number): Instance {
  return {
    ...instance,
    acknowledgement: { instance: instance.name, history, sequence, hooksFailed: [] },
    saysBehindHello: instance.hello?.stage === 'sent',
  }
}

/** With a hello that is lost goes what was sent behind it. */
function lostBehind(instance: Instance): Instance {
  if (!instance.saysBehindHello) return instance
  return { ...instance, acknowledgement: null, saysBehindHello: false }
}

export type Instances = ReturnType<typeof createInstances>

/** The connection to Redis is gone, and all that was sent and not answered. */
export function cut(instance: Instance): Instance {
  const { hello, read, memory } = instance
  return {
    ...lostBehind(instance),
    hello: hello?.stage === 'sent' ? null : hello,
    read: read?.stage === 'sent' ? null : read,
    stray: null,
    memory: memory && { ...memory, list: null, noting: null, request: null },
  }
}

/** It is connected to another node now. */
export function moved(instance: Instance, node: 0 | 1): Instance {
  return { ...cut({ ...instance, hello: null, read: null }), node }
}

/** remembered.ts: `upTo`. */
export function rememberedBy({ memory, following }: Instance): Remembering | null {
  const { history, applied } = following
  if (!memory?.isInformed || history === null) return null
  return { history, sequence: applied, since: memory.since }
}

/** A tick later. `asleep`: the machine slept, and its monotonic clock with it. */
export function aged(instance: Instance, clock: Clock, asleep = false): Instance {
  const later = (at: Instant) => (asleep ? clock.stepWall(at, TICK_MS) : clock.ageInstant(at))
  return withInstants(instance, later, (ms) => (asleep ? ms : clock.wait(ms)))
}

/** Its wall clock is set. */
export function stepped(instance: Instance, clock: Clock, stepMs: number): Instance {
  return withInstants(
    instance,
    (at) => clock.stepWall(at, stepMs),
    (ms) => ms,
  )
}

function withInstants(
  instance: Instance,
  later: (at: Instant) => Instant,
  age: (ms: number) => number,
): Instance {
  const { following, hello, memory } = instance
  const { leasedAt, closed } = following
  return {
    ...instance,
    following: {
      ...following,
      leasedAt: leasedAt && later(leasedAt),
      closed: closed && { ...closed, metAt: waited(later(closed.metAt).monotonicMs) },
    },
    hello: hello && { ...hello, sentAt: later(hello.sentAt) },
    memory: memory && {
      ...memory,
      behindSince: memory.behindSince && goneOn(memory.behindSince),
    },
  }

  /** Whoever is not told for a tick was not behind any more: closed anew, everybody gets their time anew. */
  function goneOn({ history, atMs, toldMs }: NonNullable<Memory['behindSince']>): Memory['behindSince'] {
    const toldAt = age(toldMs)
    return toldAt < -TICK_MS ? null : { history, atMs: age(atMs), toldMs: toldAt }
  }
}

/** Whoever waits for others to come does so for less than a tick, and does not look at the wall clock. */
function waited(ms: number): Instant {
  const atMs = Math.max(-TICK_MS, ms)
  return { monotonicMs: atMs, wallMs: atMs }
}

export function keyOfInstance(instance: Instance): string {
  const { name, following, keeps, hello, stray, read, messages, node, memory } = instance
  const { acknowledgement, saysBehindHello } = instance
  const { history, applied, unfinished, leasedAt, closed } = following
  return JSON.stringify([
    name,
    [history, applied, unfinished, leasedAt?.monotonicMs, leasedAt?.wallMs],
    [closed?.history, closed?.metAt.monotonicMs, closed?.metAt.wallMs],
    [keeps, node],
    hello && [hello.sentAt, hello.stage === 'sent' ? hello.says : hello.answer],
    stray,
    read && (read.stage === 'sent' ? read.flushesWhenSent : [read.found, read.stamp]),
    messages,
    acknowledgement && [acknowledgement.history, acknowledgement.sequence, saysBehindHello],
    memory && keyOfMemory(memory),
  ])
}
