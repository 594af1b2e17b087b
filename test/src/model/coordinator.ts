import {
  type Coordination,
  type CoordinationInput,
  startCoordination,
} from '@curfew/identity/dist/sign-off/coordinator.js'
import { type Clock, TICK_MS } from './clock.js'
import { jsonOf, memberOf, type RecordReply, type Row } from './redis.js'
import type { Rules } from './rules.js'

/**
 * The identity process that handles the sign-off: what `createBell`, `createSignOffs` and `followSignOff` do around
 * the reducer. It has one sign-off, and one connection with one command at a time.
 */
export interface Coordinator {
  readonly coordination: Coordination
  readonly signOff: SignOffState
  readonly command: Command | null
  /** Rows that it takes off the table with the next command. */
  readonly drop: readonly string[] | null
  readonly node: 0 | 1
  /** The timer that was set for its next look has fired. */
  readonly isDue: boolean
}

export type SignOffState =
  | { readonly is: 'not recorded' }
  | { readonly is: 'followed' | 'overtaken'; readonly sequence: number }
  /** By everybody, and it is not verified yet that Redis has the same history. */
  | { readonly is: 'acknowledged'; readonly history: string; readonly sequence: number }
  /** There was nothing to end. */
  | { readonly is: 'refused' }
  | { readonly is: 'confirmed' }

export type Command = Sent | Executed | Answered
type Reply = RecordReply | WitnessReply | { readonly kind: 'verified'; readonly history: string }
interface WitnessReply {
  readonly kind: 'witness'
  readonly history: string
  readonly members: readonly Row[]
}

interface Sent {
  readonly stage: 'sent'
  readonly what: 'record' | 'witness' | 'verify'
  readonly sentAt: number
}

/** Executed, and answered when it is durable. */
interface Executed {
  readonly stage: 'executed'
  readonly sentAt: number
  readonly reply: Reply
  /** The nodes that have it, or the disk. */
  readonly heldBy: readonly number[]
}

interface Answered {
  readonly stage: 'answered'
  readonly sentAt: number
  readonly reply: Reply
}

export type Coordinators = ReturnType<typeof createCoordinators>

export type Acknowledgement = Extract<CoordinationInput, { type: 'acknowledged' }>['heard']

export interface CoordinatorStep {
  readonly label: string
  readonly isFault: boolean
  readonly next: Coordinator
  readonly confirms?: 'by all' | 'by time'
  /** What the guard of its own process must have applied. */
  readonly mustBeApplied?: { readonly history: string; readonly sequence: number }
}

/** The only sign-off there is. */
const TICKET = 0

export function newCoordinator(boundMs: number): Coordinator {
  return {
    coordination: startCoordination(boundMs),
    signOff: { is: 'not recorded' },
    command: null,
    drop: null,
    node: 0,
    isDue: false,
  }
}

export function createCoordinators(
  rules: Rules,
  { drops, looksAround }: { drops: boolean; looksAround: boolean },
) {
  /** Takes an input, and carries out what `coordinate` decides. */
  function take(coordinator: Coordinator, input: CoordinationInput, label: string): CoordinatorStep {
    const [coordination, effects] = rules.coordinate(coordinator.coordination, input, 0)
    let next: Coordinator = { ...coordinator, coordination, isDue: false }
    let confirms: CoordinatorStep['confirms']
    for (const effect of effects) {
      switch (effect.type) {
        case 'confirmed':
          confirms = [...effect.confirmation.members.values()].every(({ appliedAt }) => appliedAt !== null)
            ? 'by all'
            : 'by time'
          if (rules.confirmsWhatItsGuardApplied || (confirms === 'by all' && rules.verifies)) {
            const { history, sequence } = effect.confirmation
            next = { ...next, signOff: { is: 'acknowledged', history, sequence } }
            confirms = undefined
            break
          }
          next = { ...next, signOff: { is: 'confirmed' } }
          break
        case 'overtaken':
          next = { ...next, signOff: { is: 'overtaken', sequence: effect.confirmation.sequence } }
          break
        case 'witness':
          // With one in flight, the next one is asked for when it is answered.
          if (next.command === null) next = sending(next, 'witness')
          break
        case 'drop':
          if (drops) next = { ...next, drop: effect.rows.map(([, row]) => row) }
          break
      }
    }
    const outcome = confirms ? `, and answers CONFIRMED (${confirms})` : ''
    return {
      label: `coordinator: ${label}${outcome}`,
      isFault: false,
      next: settled(next, drops),
      ...(confirms ? { confirms } : {}),
    }
  }

  function answer(coordinator: Coordinator, { sentAt, reply }: Answered): CoordinatorStep {
    const { signOff } = coordinator
    const free = { ...coordinator, command: null }
    if (reply.kind === 'witness') {
      const { history, members } = reply
      const rows = members.map((row) => [row.instance, jsonOf(row)] as const)
      const label = `is told that Redis has ${history}, asked ${0 - sentAt} ms ago`
      return take(free, { type: 'witnessed', sentAt, history, rows }, label)
    }
    if (reply.kind === 'closed')
      return { label: 'coordinator: is told that the history is closed', isFault: false, next: free }
    if (reply.kind === 'verified') {
      if (signOff.is !== 'acknowledged') throw new TypeError('nothing was to be verified')
      const { sequence } = signOff
      const isSame = reply.history === signOff.history
      return {
        label: `coordinator: is told that Redis has ${reply.history}${isSame ? ', and answers CONFIRMED (by all)' : ''}`,
        isFault: false,
        next: settled(
          { ...free, signOff: isSame ? { is: 'confirmed' } : { is: 'overtaken', sequence } },
          drops,
        ),
        ...(isSame ? { confirms: 'by all' } : {}),
      }
    }
    if (reply.kind === 'gone' && signOff.is === 'not recorded') {
      return {
        label: 'coordinator: is told that there is nothing to end',
        isFault: false,
        next: settled({ ...free, signOff: { is: 'refused' } }, drops),
      }
    }
    const { history } = reply
    const before = signOff.is === 'overtaken' ? signOff.sequence : 0
    const recorded =
      reply.kind === 'recorded'
        ? { history, sequence: reply.sequence, members: reply.members.map(memberOf) }
        : rules.waitsForTheHead
          ? { history, sequence: reply.head, members: reply.members.map(memberOf) }
          : { history, sequence: before, members: [] }
    const label =
      reply.kind === 'recorded'
        ? `is told that it is recorded (${history}, ${recorded.sequence})`
        : `is told that nothing is left of it in ${history}`
    const following: Coordinator = { ...free, signOff: { is: 'followed', sequence: recorded.sequence } }
    return take(following, { type: 'recorded', ticket: TICKET, decidedAt: sentAt, recorded }, label)
  }

  /** What it may do by itself. */
  function stepsOf(coordinator: Coordinator): CoordinatorStep[] {
    const { signOff, command, drop, isDue } = coordinator
    const found: CoordinatorStep[] = []
    const step = (label: string, next: Coordinator, isFault = false) =>
      found.push({ label: `coordinator: ${label}`, isFault, next })

    // Before it waits for a confirmation it makes no difference when it asked: see `createServer`.
    if (looksAround && isIdle(coordinator) && signOff.is === 'followed') {
      step('asks which history Redis has', sending(coordinator, 'witness'))
    }
    // Where rows are numbered by whether they were looked at, a look comes to its end.
    const mustEnd = drops && command !== null && command.stage !== 'sent' && isLook(command)
    if (command !== null && !mustEnd)
      step('its command, or the answer, is lost', { ...coordinator, command: null }, true)
    if (command?.stage === 'answered') found.push(answer(coordinator, command))
    if (signOff.is === 'acknowledged' && !rules.verifies && isIdle(coordinator)) {
      const next = settled({ ...coordinator, signOff: { is: 'confirmed' } }, drops)
      const label = 'coordinator: answers CONFIRMED'
      found.push({ label, isFault: false, next, confirms: 'by all', mustBeApplied: signOff })
    }
    if (drop !== null) step('taking rows off the table fails', { ...coordinator, drop: null }, true)
    if (isDue) found.push(take(coordinator, { type: 'time-passed' }, 'time has passed'))
    return found
  }

  return {
    stepsOf,
    /** Whether it would record the sign-off now. */
    mayRecord: (coordinator: Coordinator): boolean =>
      isIdle(coordinator) &&
      (coordinator.signOff.is === 'not recorded' ||
        (coordinator.signOff.is === 'overtaken' && rules.recordsAgain)),
    hear: (coordinator: Coordinator, heard: Acknowledgement): CoordinatorStep =>
      take(
        coordinator,
        { type: 'acknowledged', heard },
        `hears that ${heard.instance} has applied ${heard.sequence} of ${heard.history}`,
      ),
  }
}

export function isOver({ signOff }: Coordinator): boolean {
  return signOff.is === 'confirmed' || signOff.is === 'refused'
}

/** Its connection is free. */
export function isIdle({ command, drop }: Coordinator): boolean {
  return command === null && drop === null
}

/** When the sign-off was sent makes no difference to any rule. */
function isLook(command: Command): boolean {
  return command.stage === 'sent' ? command.what === 'witness' : command.reply.kind === 'witness'
}

export function sending(coordinator: Coordinator, what: Sent['what']): Coordinator {
  return { ...coordinator, command: { stage: 'sent', what, sentAt: 0 } }
}

/** Redis has executed its command; it is answered once `needed` others hold what was written. */
export function executed(coordinator: Coordinator, reply: Reply, needed: number): Coordinator {
  const { command } = coordinator
  if (command === null) return coordinator
  const done: Executed = { stage: 'executed', sentAt: command.sentAt, reply, heldBy: [] }
  return { ...coordinator, command: answeredWhenHeld(done, needed) }
}

/** Everything that node `from` had is held by `to` now. */
export function copied(
  coordinator: Coordinator,
  { from, to }: { from: number; to: number },
  needed: number,
): Coordinator {
  const { command, node } = coordinator
  if (command?.stage !== 'executed' || node !== from || command.heldBy.includes(to)) return coordinator
  const heldBy = [...command.heldBy, to].toSorted()
  return { ...coordinator, command: answeredWhenHeld({ ...command, heldBy }, needed) }
}

function answeredWhenHeld(command: Executed, needed: number): Executed | Answered {
  const { sentAt, reply, heldBy } = command
  // What was refused or found closed wrote nothing that would have to be durable.
  return heldBy.length >= needed || reply.kind === 'closed' ? { stage: 'answered', sentAt, reply } : command
}

/** The connection to Redis is gone, and with it all that was sent and not answered. */
export function cut(coordinator: Coordinator): Coordinator {
  const { command } = coordinator
  return { ...coordinator, command: command?.stage === 'answered' ? command : null, drop: null }
}

export function moved(coordinator: Coordinator, node: 0 | 1): Coordinator {
  return { ...cut({ ...coordinator, command: null }), node }
}

/** A tick later. Its timer was set when it looked last. */
export function aged(coordinator: Coordinator, clock: Clock, nextLook: Rules['nextLook']): Coordinator {
  const { coordination, command } = coordinator
  const { known, unchanged, pending, askedAt } = coordination
  return {
    ...coordinator,
    isDue: coordinator.isDue || nextLook(coordination, 0) <= TICK_MS,
    command: command && isLook(command) ? { ...command, sentAt: clock.age(command.sentAt) } : command,
    coordination: {
      ...coordination,
      known: known && { ...known, settledAt: clock.await(known.settledAt) },
      unchanged: new Map(
        [...unchanged].map(([id, { row, since }]) => [id, { row, since: clock.age(since) }]),
      ),
      pending: new Map(
        [...pending].map(([ticket, one]) => [
          ticket,
          { ...one, durableAt: clock.age(one.durableAt), settledAt: clock.await(one.settledAt) },
        ]),
      ),
      askedAt: askedAt === null ? null : clock.age(askedAt),
    },
  }
}

/** Without what makes no difference to any rule: when it was decided, and who applied it when. */
function settled(coordinator: Coordinator, drops: boolean): Coordinator {
  const { coordination, signOff } = coordinator
  if (isOver(coordinator) && !drops) return { ...newCoordinator(0), signOff }
  const pending = [...coordination.pending].map(([ticket, one]) => {
    const members = [...one.members].map(
      ([id, member]) => [id, { ...member, appliedAt: member.appliedAt === null ? null : 0 }] as const,
    )
    return [ticket, { ...one, decidedAt: 0, members: new Map(members) }] as const
  })
  return {
    ...coordinator,
    coordination: {
      ...coordination,
      pending: new Map(pending),
      newest: new Map([...coordination.newest].filter(([, { sequence }]) => sequence > 0)),
      unchanged: drops ? coordination.unchanged : new Map(),
    },
  }
}

export function keyOfCoordinator({ coordination, signOff, command, drop, node, isDue }: Coordinator): string {
  const { boundMs, known, newest, unchanged, pending, askedAt } = coordination
  return JSON.stringify([
    [boundMs, known?.history, known?.settledAt, askedAt, node],
    [...newest].toSorted().map(([id, { history, sequence }]) => [id, history, sequence]),
    [...unchanged].toSorted(),
    [...pending.values()].map(({ history, sequence, durableAt, boundMs, settledAt, members }) => [
      [history, sequence, durableAt, boundMs, settledAt],
      [...members].toSorted().map(([id, { appliedAt }]) => [id, appliedAt]),
    ]),
    signOff,
    command,
    drop,
    isDue,
  ])
}
