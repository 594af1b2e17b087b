import { createCatalogue, type Known, once, oncePerPair } from './catalogue.js'
import { BOUND_MS, createClock, LEASE_MS, LONG_BOUND_MS, LONG_LEASE_MS, TICK_MS } from './clock.js'
import type { Configuration } from './configurations.js'
import {
  type Acknowledgement,
  type Coordinator,
  type CoordinatorStep,
  copied,
  createCoordinators,
  isOver,
  keyOfCoordinator,
  newCoordinator,
  remembersAll,
} from './coordinator.js'
import {
  type Budget,
  type Deployment,
  type Happening,
  happeningsOf,
  holdersNeeded,
  keyOfDeployment,
  NOTHING_HAPPENS,
  newDeployment,
  nodeOf,
  withNode,
} from './deployment.js'
import {
  cut as cutInstance,
  type Instance,
  type InstanceOptions,
  keyOfInstance,
  type Message,
  newInstance,
  rememberedBy,
  silenced as silencedInstance,
  speaks,
} from './instance.js'
import { createInstances } from './instance-rules.js'
import { aged as agedInstance, stepped } from './instance-time.js'
import type { Log, World } from './moment.js'
import { createPromises } from './promises.js'
import { END_ANOTHER, type Entry, type Store } from './redis.js'
import type { Rules } from './rules.js'
import { createServer } from './server.js'

export interface Step {
  readonly label: string
  /** Liveness does not count on it. */
  readonly isFault: boolean
  readonly next: World
}

interface Changes {
  redis?: Known<Deployment>
  coordinator?: Known<Coordinator>
  log?: Known<Log>
  instance?: readonly [at: number, Known<Instance>]
}

/** The worlds of a configuration under some rules: where they begin, what may happen in each, what is broken. */
export function createWorlds(configuration: Configuration, rules: Rules) {
  const { deployment, signOff: kind, instances: options, faults, mostMessages, drops, begins } = configuration
  const leaseOf = (name: string) => options.find((one) => name.startsWith(one.name))?.leaseMs ?? LEASE_MS
  const longest = options.some(({ leaseMs }) => leaseMs === LONG_LEASE_MS) ? LONG_BOUND_MS : BOUND_MS
  const canBeBehind = !configuration.losesNothing
  const isAlone = options.filter(({ isIdentity }) => isIdentity).length < 2
  // The last turn is that of somebody who knows less than another identity.
  const longestWait = (isAlone ? 2 : 3) * rules.waitForOthersMs(LEASE_MS)
  const clock = createClock(longest, longestWait)
  const own = options.findIndex(({ isIdentity }) => isIdentity)

  const deployments = createCatalogue(keyOfDeployment)
  const coordinators = createCatalogue(keyOfCoordinator)
  const logs = createCatalogue(keyOfLog)
  const everyInstance = createCatalogue(keyOfInstance)

  const instances = createInstances(rules, { kind, leaseOf, mostMessages, canBeBehind, isAlone })
  const coordination = createCoordinators(rules, configuration)
  const server = createServer(rules, { configuration, instances, coordinators: coordination, leaseOf })
  const promises = createPromises(configuration, instances, longest)

  const initial: World = {
    redis: deployments.know(newDeployment(deployment, begins)),
    coordinator: coordinators.know(newCoordinator(BOUND_MS, (options[own] ?? options[0])?.name ?? '')),
    log: logs.know({ confirmed: null, durableAt: null, left: { ...NOTHING_HAPPENS, ...faults } }),
    instances: options.map((one) => everyInstance.know(newInstance(one))),
  }

  // What follows from a part, or from two, is worked out once.
  const laterInstance = once((one: Instance) => everyInstance.know(agedInstance(one, clock)))
  const sleptInstance = once((one: Instance) => everyInstance.know(agedInstance(one, clock, true)))
  const laterCoordinator = once((one: Coordinator) => coordinators.know(coordination.aged(one, clock)))
  const laterLog = once((one: Log) => {
    const durableAt =
      one.durableAt === null || one.confirmed !== null ? one.durableAt : clock.age(one.durableAt)
    return logs.know({ ...one, durableAt })
  })
  const cutInstances = once((one: Instance) => everyInstance.know(cutInstance(one)))
  const cutCoordinators = once((one: Coordinator) => coordinators.know(coordination.cut(one)))
  const instanceSteps = once((one: Instance) =>
    instances
      .stepsOf(one, configuration)
      .map(({ next, ...step }) => ({ ...step, next: everyInstance.know(next) })),
  )
  const instanceAtRedis = oncePerPair((one: Instance, redis: Deployment) =>
    server.stepsOfInstance(one, redis).map(({ instance, redis, ...step }) => ({
      ...step,
      instance: everyInstance.know(speaks(one, instance) ? server.published(instance, redis) : instance),
      redis: deployments.know(redis),
    })),
  )
  const published = oncePerPair((one: Instance, redis: Deployment) =>
    everyInstance.know(server.published(one, redis)),
  )
  const remembering = oncePerPair((one: Coordinator, identity: Instance) =>
    coordinators.know(coordination.remembering(one, rememberedBy(identity))),
  )
  // Where its own guard is not looked at, nothing gets lost either.
  const rememberingAll = once((one: Coordinator) => coordinators.know(remembersAll(one)))
  const coordinatorSteps = once((one: Coordinator) => coordination.stepsOf(one).map(knowCoordinator))
  const coordinatorAtRedisIf = (isFollowed: boolean) =>
    oncePerPair((one: Coordinator, redis: Deployment) =>
      server.stepsOfCoordinator(one, redis, isFollowed).map(({ coordinator, redis, ...step }) => ({
        ...step,
        coordinator: coordinators.know(coordinator),
        redis: deployments.know(redis),
      })),
    )
  const coordinatorAtRedis = { followed: coordinatorAtRedisIf(true), strange: coordinatorAtRedisIf(false) }
  const acknowledged = oncePerPair((one: Instance, coordinator: Coordinator) =>
    knowCoordinator(coordination.hear(coordinator, acknowledgementOf(one))),
  )
  const asksRedis = once(server.isAskedBy)
  const heard = once((one: Instance) => everyInstance.know({ ...one, acknowledgement: null }))
  const silenced = once((one: Instance) => everyInstance.know(silencedInstance(one, canBeBehind)))
  const silencedRows = once((one: Deployment) => deployments.know(withoutAcknowledgements(one)))
  const happenings = oncePerPair((redis: Deployment, { left }: Log) =>
    happeningsOf(redis, left).map(({ next, ...happening }) => ({
      ...happening,
      next: deployments.know(next),
    })),
  )
  const copyHeld = oncePerPair((one: Coordinator, copy: NonNullable<Happening['copied']>) =>
    coordinators.know(copied(one, copy, rules.holders(holdersNeeded(initial.redis.value)))),
  )
  const copies = createCatalogue(({ from, to }: NonNullable<Happening['copied']>) => `${from} ${to}`)
  const messages = createCatalogue(
    ({ history, entry }: Message) => `${history} ${entry.sequence} ${entry.what}`,
  )
  const told = oncePerPair((one: Instance, message: Message) => {
    const next = instances.told(one, message)
    return next && everyInstance.know(next)
  })
  const spends = new Map<string, (log: Known<Log>) => Known<Log>>()

  function knowCoordinator({ next, ...step }: CoordinatorStep) {
    return { ...step, next: coordinators.know(next) }
  }

  function spend(log: Known<Log>, what: keyof Budget): Known<Log> {
    const known =
      spends.get(what) ??
      once((one: Log) => logs.know({ ...one, left: { ...one.left, [what]: one.left[what] - 1 } }))
    spends.set(what, known)
    return known(log)
  }

  const confirmed = {
    'by all': once((one: Log) => logs.know({ ...one, confirmed: 'by all', durableAt: 0 })),
    'by time': once((one: Log) => logs.know({ ...one, confirmed: 'by time', durableAt: 0 })),
  }
  const durable = once((one: Log) => logs.know(one.durableAt === null ? { ...one, durableAt: 0 } : one))
  const isDurable = once(promises.isDurable)

  function become(world: World, { instance, redis, coordinator, log = world.log }: Changes): World {
    const promised = redis !== undefined && isDurable(redis) ? durable(log) : log
    const others = instance === undefined ? world.instances : withInstance(world.instances, ...instance)
    const next = {
      redis: redis ?? world.redis,
      coordinator: coordinator ?? world.coordinator,
      log: promised,
      instances: others,
    }
    // Where rows are dropped, they are looked at for ever.
    if (drops || !isOver(next.coordinator.value)) return next
    return { ...next, redis: silencedRows(next.redis), instances: others.map(silenced) }
  }

  function stepsOf(world: World): Step[] {
    const { redis, coordinator, log } = world
    const identity = world.instances[own]
    const informed = identity ? remembering(coordinator, identity) : rememberingAll(coordinator)
    const steps: Step[] = []
    const add = (label: string, isFault: boolean, changes: Changes) =>
      steps.push({ label, isFault, next: become(world, changes) })

    if (promises.mayTimePass(world)) {
      steps.push({
        label: `${TICK_MS} ms pass`,
        isFault: false,
        next: {
          redis,
          coordinator: laterCoordinator(coordinator),
          log: laterLog(log),
          instances: world.instances.map(laterInstance),
        },
      })
    }
    for (const [at, instance] of world.instances.entries()) {
      if (!hasCome(options[at]?.comes)) continue
      for (const { label, isFault, next } of instanceSteps(instance)) {
        const heardOf = speaks(instance.value, next.value) ? published(next, redis) : next
        add(label, isFault, { instance: [at, heardOf] })
      }
      for (const step of asksRedis(instance) ? instanceAtRedis(instance, redis) : []) {
        add(step.label, step.isFault, { instance: [at, step.instance], redis: step.redis })
        if (step.published !== null) publish(steps, step.published)
      }
      if (instance.value.acknowledgement !== null) {
        addConfirmation(acknowledged(instance, informed), { instance: [at, heard(instance)] })
      }
      addMishaps(at, instance)
    }
    for (const step of coordinatorSteps(informed)) addConfirmation(step, {})
    // Where its own guard is not looked at, that follows what there is.
    const store = nodeOf(redis.value, coordinator.value.node)
    const isFollowed = identity === undefined || identity.value.following.history === store.history
    const atRedis = isFollowed ? coordinatorAtRedis.followed : coordinatorAtRedis.strange
    for (const step of atRedis(coordinator, redis)) {
      add(step.label, step.isFault, { coordinator: step.coordinator, redis: step.redis })
      if (step.published !== null) publish(steps, step.published)
    }
    for (const happening of happenings(redis, log)) addHappening(happening)
    addOthers('others', 'another')
    addOthers('covering', 'covering')
    return steps

    function hasCome(comes: InstanceOptions['comes']): boolean {
      if (comes === 'once confirmed') return log.value.confirmed !== null
      return comes === undefined || redis.value.histories > 1
    }

    function addConfirmation(
      { label, isFault, next, confirms }: ReturnType<typeof knowCoordinator>,
      changes: Changes,
    ): void {
      changes.coordinator = next
      changes.log = confirms === undefined ? log : confirmed[confirms](log)
      add(label, isFault, changes)
    }

    function addHappening(happening: ReturnType<typeof happenings>[number]): void {
      const { label, isFault, next, costs, cuts, copied } = happening
      const isLoss = costs === 'restores' || costs === 'empties'
      if (isLoss && configuration.losesOnceConfirmed && log.value.confirmed === null) return
      const changed = become(world, {
        redis: next,
        ...(costs ? { log: spend(log, costs) } : {}),
        ...(copied ? { coordinator: copyHeld(coordinator, copies.know(copied)) } : {}),
        ...(cuts ? { coordinator: cutCoordinators(coordinator) } : {}),
      })
      const others = cuts ? world.instances.map(cutInstances) : world.instances
      steps.push({ label, isFault, next: { ...changed, instances: others } })
    }

    function addMishaps(at: number, instance: Known<Instance>): void {
      const { restarts, sleeps, steps: wallSteps } = log.value.left
      const { name } = instance.value
      if (restarts > 0 && options[at]?.isIdentity === false) {
        const started = { ...newInstance({ name: `${name}′`, leaseMs: leaseOf(name), isIdentity: false }) }
        const next = everyInstance.know({ ...started, node: instance.value.node })
        add(`${name} restarts`, true, { instance: [at, next], log: spend(log, 'restarts') })
      }
      if (sleeps > 0 && promises.mayTimePass(world)) {
        const asleep = world.instances.map((one, other) =>
          other === at ? sleptInstance(one) : laterInstance(one),
        )
        steps.push({
          label: `${TICK_MS} ms pass, in which the machine of ${name} sleeps`,
          isFault: true,
          next: {
            redis,
            coordinator: laterCoordinator(coordinator),
            log: spend(laterLog(log), 'sleeps'),
            instances: asleep,
          },
        })
      }
      if (wallSteps > 0) {
        for (const stepMs of [-TICK_MS, TICK_MS]) {
          const next = everyInstance.know(stepped(instance.value, clock, stepMs))
          add(`the wall clock of ${name} is set by ${stepMs} ms`, true, {
            instance: [at, next],
            log: spend(log, 'steps'),
          })
        }
      }
    }

    /** Somebody else is signed off, by another identity. */
    function addOthers(costs: 'others' | 'covering', what: 'another' | 'covering'): void {
      if (log.value.left[costs] === 0 || redis.value.isAway) return
      const node = redis.value.master === 'old' ? 0 : 1
      const store = END_ANOTHER(nodeOf(redis.value, node), what)
      if (store === null) return
      const next = deployments.know(withNode(redis.value, node, store))
      const label = what === 'another' ? 'somebody else is signed off' : 'the user is signed off everywhere'
      add(`${label} (${store.history}, ${store.head})`, true, { redis: next, log: spend(log, costs) })
      publish(steps, { history: store.history, entry: entryAt(store.signOffs) })
    }

    /** The last step published something: each instance is told, or is not. */
    function publish(steps: Step[], message: Message): void {
      const last = steps.at(-1)
      if (last === undefined) return
      for (const [at, name] of world.instances.map(({ value }) => value.name).entries()) {
        for (const step of steps.slice(steps.indexOf(last))) {
          const instance = step.next.instances[at]
          const next = instance && told(instance, messages.know(message))
          if (next === null || next === undefined) continue
          steps.push({
            ...step,
            label: `${step.label}, of which ${name} is told`,
            next: { ...step.next, instances: withInstance(step.next.instances, at, next) },
          })
        }
      }
    }
  }

  return {
    initial,
    stepsOf,
    violationOf: promises.violationOf,
    goodEnds: promises.goodEnds,
    featuresOf: promises.featuresOf,
    /** What a world is made of, as numbers. */
    writeIds({ redis, coordinator, log, instances }: World, ids: Int32Array): void {
      ids[0] = redis.id
      ids[1] = coordinator.id
      ids[2] = log.id
      for (let at = 0; at < instances.length; at++) ids[at + 3] = instances[at]?.id ?? 0
    },
    width: 3 + options.length,
    worldOf([redis = 0, coordinator = 0, log = 0, ...instances]: Int32Array): World {
      return {
        redis: deployments.get(redis),
        coordinator: coordinators.get(coordinator),
        log: logs.get(log),
        instances: instances.map((id) => everyInstance.get(id)),
      }
    },
  }
}

export type Worlds = ReturnType<typeof createWorlds>

function withInstance(
  instances: ReadonlyArray<Known<Instance>>,
  at: number,
  instance: Known<Instance>,
): ReadonlyArray<Known<Instance>> {
  return instances.map((one, other) => (other === at ? instance : one))
}

/** Nobody waits for acknowledgements any more. */
function withoutAcknowledgements(deployment: Deployment): Deployment {
  const silent = (store: Store): Store => ({
    ...store,
    members: store.members.map((row) => ({ ...row, acknowledged: 0 })),
  })
  const { nodes, disk } = deployment
  return { ...deployment, nodes: nodes.map(silent), disk: disk && silent(disk) }
}

function entryAt(signOffs: readonly Entry[]): Entry {
  const last = signOffs.at(-1)
  if (last === undefined) throw new TypeError('nothing was recorded')
  return last
}

function acknowledgementOf({ acknowledgement }: Instance): Acknowledgement {
  if (acknowledgement === null) throw new TypeError('nothing was acknowledged')
  return acknowledgement
}

function keyOfLog({ confirmed, durableAt, left }: Log): string {
  return [confirmed, durableAt, ...Object.values(left)].join(' ')
}
