import { hasLapsed } from '@curfew/identity/dist/sign-off/confirmation.js'
import {
  type Coordination,
  type CoordinationInput,
  type Remembering,
  startCoordination,
} from '@curfew/identity/dist/sign-off/coordinator.js'
import { type Clock, TICK_MS } from './clock.js'
import { isEarlier, jsonOf, memberOf, type RecordReply, type Row } from './redis.js'
import type { Rules } from './rules.js'

/**
 * The identity process that handles the sign-off: what `createBell`, `createSignOffs` and `followSignOff` do around
 * the reducer. It has one sign-off, and one connection with one command at a time.
 *
 * A command begins when Redis executes it: one that was sent earlier could only be believed less. So it is enough
 * that the reducer's state says what it waits for an answer to.
 */
export interface Coordinator {
  readonly coordination: Coordination
  /** `refused`: there was nothing to end. */
  readonly signOff: 'not recorded' | 'followed' | 'overtaken' | 'refused' | 'confirmed'
  readonly command: Command | null
  /** Rows that it takes off the table with the next command. */
  readonly drop: readonly string[] | null
  readonly node: 0 | 1
  /** The timer that was set for its next look has fired. */
  readonly isDue: boolean
}

/** Executed, and answered once it is durable. */
export interface Command {
  readonly stage: 'executed' | 'answered'
  /** Whether the history was settled before it was sent. */
  readonly isSettled: boolean
  readonly sentAt: number
  readonly reply: Reply
  /** The nodes that have it, or the disk. */
  readonly heldBy: readonly number[]
}

type Reply = RecordReply | WitnessReply
interface WitnessReply {
  readonly kind: 'witness'
  readonly history: string
  readonly members: readonly Row[]
}

export type Acknowledgement = Extract<CoordinationInput, { type: 'acknowledged' }>['heard'][number]

export interface CoordinatorStep {
  readonly label: string
  readonly isFault: boolean
  readonly next: Coordinator
  readonly confirms?: 'by all' | 'by time'
}

/** The only sign-off there is. */
const TICKET = 0
/** Before all that comes after: what was sent a moment ago was sent before what is heard now. */
const A_MOMENT_AGO = -1
/** Before everything that is sent. */
const LONG_AGO = Number.NEGATIVE_INFINITY
/** Before it was settled, however long ago that will be. */
const TOO_EARLY = Number.NaN

export function newCoordinator(boundMs: number, self: string): Coordinator {
  return {
    coordination: startCoordination(boundMs, self),
    signOff: 'not recorded',
    command: null,
    drop: null,
    node: 0,
    isDue: false,
  }
}

export function createCoordinators(rules: Rules, { drops }: { drops: boolean }) {
  /** Takes an input, and carries out what `coordinate` decides. What is remembered is looked up right before. */
  function take(coordinator: Coordinator, input: CoordinationInput, label: string): CoordinatorStep {
    const upTo = coordinator.coordination.remembered
    const [before, first] = rules.coordinate(coordinator.coordination, { type: 'remembered', upTo }, 0)
    const [coordination, more] = rules.coordinate(before, input, 0)
    const effects = [...first, ...more]
    let next: Coordinator = { ...coordinator, coordination, isDue: false }
    let confirms: CoordinatorStep['confirms']
    for (const effect of effects) {
      switch (effect.type) {
        case 'confirmed':
          confirms = input.type === 'witnessed' && hasLapsed(effect.confirmation, 0) ? 'by time' : 'by all'
          next = { ...next, signOff: 'confirmed' }
          break
        case 'overtaken':
          next = { ...next, signOff: 'overtaken' }
          break
        case 'drop':
          if (drops) next = { ...next, drop: effect.rows.map(([, row]) => row) }
          break
        case 'witness':
          break // its state says that it waits for the answer
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

  function answer(coordinator: Coordinator, { sentAt, reply, isSettled }: Command): CoordinatorStep {
    const free = { ...coordinator, command: null }
    switch (reply.kind) {
      case 'witness': {
        const { history, members } = reply
        const rows = members.map((row) => [row.instance, jsonOf(row)] as const)
        const label = `is told that Redis has ${history}, asked ${0 - sentAt} ms ago`
        return take(free, { type: 'witnessed', sentAt, history, rows }, label)
      }
      case 'recorded': {
        const { history, sequence } = reply
        const recorded = { history, sequence, members: reply.members.map(memberOf) }
        return follow(free, isSettled, recorded, `is told that it is recorded (${history}, ${sequence})`)
      }
      case 'gone': {
        const { history } = reply
        if (coordinator.signOff === 'not recorded') {
          const next = settled({ ...free, signOff: 'refused' }, drops)
          return { label: 'coordinator: is told that there is nothing to end', isFault: false, next }
        }
        const label = `is told that there is nothing to end in ${history}`
        return follow(free, isSettled, { history, sequence: 0, members: null }, label)
      }
      case 'closed':
        return { label: 'coordinator: is told that the history is closed', isFault: false, next: free }
    }
  }

  function follow(
    coordinator: Coordinator,
    isSettled: boolean,
    recorded: Extract<CoordinationInput, { type: 'recorded' }>['recorded'],
    label: string,
  ): CoordinatorStep {
    const decidedAt = isSettled ? 0 : TOO_EARLY
    const input = { type: 'recorded', ticket: TICKET, decidedAt, recorded } as const
    return take({ ...coordinator, signOff: 'followed' }, input, label)
  }

  /** What it may do by itself. */
  function stepsOf(coordinator: Coordinator): CoordinatorStep[] {
    const { command, drop, isDue } = coordinator
    const found: CoordinatorStep[] = []
    const step = (label: string, next: Coordinator, isFault = false) =>
      found.push({ label: `coordinator: ${label}`, isFault, next })

    // Where rows are numbered by whether they were looked at, a look comes to its end.
    const mustEnd = drops && command?.reply.kind === 'witness'
    if (command !== null && !mustEnd) {
      step('the answer to its command is lost', settled({ ...coordinator, command: null }, drops), true)
    }
    if (command?.stage === 'answered') found.push(answer(coordinator, command))
    if (drop !== null) {
      step('taking rows off the table fails', settled({ ...coordinator, drop: null }, drops), true)
    }
    if (isDue) found.push(take(coordinator, { type: 'time-passed' }, 'time has passed'))
    return found
  }

  return {
    stepsOf,
    /** Redis has answered its command. */
    answered(coordinator: Coordinator): CoordinatorStep {
      if (coordinator.command?.stage !== 'answered') throw new TypeError('there is no answer')
      return answer(coordinator, coordinator.command)
    },
    /** What is remembered by now, which it looks up before it takes anything. */
    remembering: (coordinator: Coordinator, upTo: Remembering | null): Coordinator => ({
      ...coordinator,
      coordination: { ...coordinator.coordination, remembered: upTo },
    }),
    hear: (coordinator: Coordinator, heard: Acknowledgement): CoordinatorStep =>
      take(
        coordinator,
        { type: 'acknowledged', heard: [heard] },
        `hears that ${heard.instance} has applied ${heard.sequence} of ${heard.history}`,
      ),
    /** A tick later. Its timer was set when it looked last; it may fire any time later. */
    aged(coordinator: Coordinator, clock: Clock): Coordinator {
      const isDue = coordinator.isDue || rules.nextLook(coordinator.coordination, 0) <= TICK_MS
      const next: Coordinator = { ...aged(coordinator, clock), isDue: false }
      if (!isDue) return next
      const looked = take(remembersAll(next), { type: 'time-passed' }, '').next
      return { ...next, isDue: keyOfCoordinator(looked) !== keyOfCoordinator(next) }
    },
    cut: (coordinator: Coordinator): Coordinator => settled(cut(coordinator), drops),
  }
}

export type Coordinators = ReturnType<typeof createCoordinators>

export function isOver({ signOff }: Coordinator): boolean {
  return signOff === 'confirmed' || signOff === 'refused'
}

/** Its connection is free. */
export function isIdle({ command, drop }: Coordinator): boolean {
  return command === null && drop === null
}

/** Redis has executed its command; it is answered once `needed` others hold what was written. */
export function executed(coordinator: Coordinator, reply: Reply, needed: number): Coordinator {
  const { known } = coordinator.coordination
  const isOfKnown = known !== null && reply.kind !== 'closed' && reply.history === known.history
  const isSettled = reply.kind !== 'witness' && isOfKnown && known.settledAt <= 0
  const command = { sentAt: A_MOMENT_AGO, isSettled, reply, heldBy: [] }
  return { ...coordinator, command: { ...command, stage: stageOf(command, needed) } }
}

/** Everything that node `from` had is held by `to` now. */
export function copied(
  coordinator: Coordinator,
  { from, to }: { from: number; to: number },
  needed: number,
): Coordinator {
  const { command, node } = coordinator
  if (command?.stage !== 'executed' || node !== from || command.heldBy.includes(to)) return coordinator
  const held = { ...command, heldBy: [...command.heldBy, to].toSorted() }
  return { ...coordinator, command: { ...held, stage: stageOf(held, needed) } }
}

function stageOf({ reply, heldBy }: Omit<Command, 'stage'>, needed: number): Command['stage'] {
  // What found the history closed wrote nothing that would have to be durable.
  return heldBy.length >= needed || reply.kind === 'closed' ? 'answered' : 'executed'
}

/** As if its guard had applied all that there is, and it remembered every block of that. */
export function remembersAll(coordinator: Coordinator): Coordinator {
  const { coordination, command } = coordinator
  const recorded = command?.reply.kind === 'recorded' || command?.reply.kind === 'gone' ? command.reply : null
  const history = recorded?.history ?? coordination.known?.history
  const remembered = history === undefined ? null : { history, sequence: Number.MAX_SAFE_INTEGER, since: 0 }
  return { ...coordinator, coordination: { ...coordination, remembered } }
}

/** The connection to Redis is gone, and with it all that was sent and not answered. */
function cut(coordinator: Coordinator): Coordinator {
  const { command } = coordinator
  return { ...coordinator, command: command?.stage === 'answered' ? command : null, drop: null }
}

export function moved(coordinator: Coordinator, node: 0 | 1): Coordinator {
  return settled({ ...coordinator, command: null, drop: null, node }, false)
}

function aged(coordinator: Coordinator, clock: Clock): Coordinator {
  const { coordination, command } = coordinator
  const { known, unchanged, pending } = coordination
  return {
    ...coordinator,
    command: command && { ...command, sentAt: agedSentAt(command, pending, clock) },
    coordination: {
      ...coordination,
      known: known && { ...known, settledAt: clock.await(known.settledAt) },
      unchanged: new Map(
        [...unchanged].map(([id, { row, since }]) => [id, { row, since: clock.age(since) }]),
      ),
      pending: new Map(
        [...pending].map(([ticket, one]) => [
          ticket,
          {
            ...one,
            durableAt: clock.age(one.durableAt),
            settledAt: agedSettledAt(one.settledAt, command !== null, clock),
          },
        ]),
      ),
    },
  }
}

/**
 * Only of a look it matters when it was sent, and only whether that was after all leases had ended. All else that
 * is under way came before it, or comes after it.
 */
function agedSentAt({ reply, sentAt }: Command, pending: Coordination['pending'], clock: Clock): number {
  if (reply.kind !== 'witness' || [...pending.values()].some((one) => hasLapsed(one, sentAt))) return sentAt
  return clock.age(LONG_AGO)
}

/** What was sent before it was settled, stays so. */
function agedSettledAt(settledAt: number, isAsking: boolean, clock: Clock): number {
  if (!Number.isFinite(settledAt)) return settledAt
  const later = clock.await(settledAt)
  return later === 0 && !isAsking ? LONG_AGO : later
}

/**
 * Without what makes no difference to any rule: who applied it when, unless that was
 * after the command was sent that is under way. What may be asked again after some milliseconds may be so at once.
 */
function settled(coordinator: Coordinator, drops: boolean): Coordinator {
  const { coordination, signOff, command } = coordinator
  const { newest, unchanged, known } = coordination
  if (isOver(coordinator) && !drops) return { ...newCoordinator(0, coordination.self), signOff }
  const [followed] = coordination.pending.values()
  // An acknowledgement is kept for what will be recorded. What is pending has taken it in already.
  const isPast = (history: string) =>
    history === followed?.history || (known !== null && isEarlier(history, known.history))
  const pending = [...coordination.pending].map(([ticket, one]) => {
    const members = [...one.members].map(([id, { appliedAt, ...member }]) => {
      const isBefore = appliedAt !== null && command === null
      return [id, { ...member, appliedAt: isBefore ? LONG_AGO : appliedAt }] as const
    })
    const settledAt = one.settledAt <= 0 && command === null ? LONG_AGO : one.settledAt
    const rememberedAt = one.rememberedAt !== null && command === null ? LONG_AGO : one.rememberedAt
    const lastWordAt = one.lastWordAt !== null && command === null ? LONG_AGO : one.lastWordAt
    return [ticket, { ...one, settledAt, rememberedAt, lastWordAt, members: new Map(members) }] as const
  })
  return {
    ...coordinator,
    coordination: {
      ...coordination,
      remembered: null,
      pending: new Map(pending),
      newest: new Map([...newest].filter(([, one]) => one.sequence > 0 && !isPast(one.history))),
      unchanged: drops ? unchanged : new Map(),
      askedAt: LONG_AGO,
    },
  }
}

export function keyOfCoordinator({ coordination, signOff, command, drop, node, isDue }: Coordinator): string {
  const { remembered, boundMs, known, newest, unchanged, pending, isAsking } = coordination
  return JSON.stringify([
    remembered,
    [boundMs, known?.history, known?.settledAt, isAsking, node],
    [...newest].toSorted().map(([id, { history, sequence }]) => [id, history, sequence]),
    [...unchanged].toSorted(),
    [...pending.values()].map(
      ({ history, sequence, decidedAt, durableAt, boundMs, settledAt, rememberedAt, members }) => [
        [history, sequence, decidedAt, durableAt, boundMs, String(settledAt), String(rememberedAt)],
        [...members].toSorted().map(([id, { appliedAt }]) => [id, String(appliedAt)]),
      ],
    ),
    signOff,
    command,
    drop,
    isDue,
  ])
}
