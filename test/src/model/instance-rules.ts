import type { SignOff } from '@curfew/contract'
import type { FollowInput, Following } from '@curfew/guard/following'
import { LEASE_MS, NOW } from './clock.js'
import {
  type AnsweredHello,
  type AnsweredRead,
  type Instance,
  type Message,
  type SentHello,
  said,
} from './instance.js'
import { remember, requestOf, unfinished } from './recovery.js'
import { covers, type HelloReply, isEarlier, type ReadReply, type SignOffKind, signOffOf } from './redis.js'
import type { Rules } from './rules.js'

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
          const { sequence } = signOff
          next = runHooks(next, { history: following.history ?? '', from: sequence, sequence }, signOff)
          break
        }
        case 'flush':
          if (rules.drops('everything')) next = { ...next, keeps: false }
          next = runHooks(
            next,
            { history: effect.history, from: effect.from, sequence: effect.upTo },
            'everything',
          )
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
    what: { readonly history: string; readonly from: number; readonly sequence: number },
    signOff: SignOff | 'everything',
  ): Instance {
    const { history, sequence } = what
    let next = instance
    if (next.memory !== null) {
      const { aFlushOutdatesLists: outdatesLists } = rules
      const memory = remember(next.memory, { history, sequence, signOff }, { outdatesLists })
      next = { ...next, memory }
      if (memory.hooks.some((hook) => hook.history === history && hook.sequence === sequence)) return next
    }
    return take(next, { type: 'hooks-finished', ...what, failed: false })
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
      step('its hello, or the answer, is lost', { ...instance, hello: null }, true)
      if (hello.stage === 'answered') {
        const { standing, history, head } = hello.answer
        step(`is told "${standing}" (${history}, head ${head})`, answerHello(instance, hello))
      } else if (strays && instance.stray === null) {
        step(
          'gives its hello up, which is still on its way',
          { ...instance, hello: null, stray: { says: hello.says, isLate: false } },
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
      const { hello } = instance
      if (answer === 'late' || hello === null) return { ...told, hello: null }
      const wroteRow = answer.standing === 'joined' || answer.standing === 'renewed'
      return {
        ...told,
        hello: { stage: 'answered', sentAt: hello.sentAt, answer },
        stray: told.stray && { ...told.stray, isLate: told.stray.isLate || wroteRow },
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

export type Instances = ReturnType<typeof createInstances>

/** Hellos, and their answers, are under way for as long as they want; or only hellos are; or neither. */
export type Hellos = 'take time' | 'are answered at once' | 'take no time'

export interface InstanceStep {
  readonly label: string
  readonly isFault: boolean
  readonly next: Instance
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
