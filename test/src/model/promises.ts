import { waitForOthersMs } from '@curfew/identity/dist/sign-off/recovery.js'
import { type Known, once } from './catalogue.js'
import { LEASE_MS, TICK_MS } from './clock.js'
import type { Configuration } from './configurations.js'
import { isOver } from './coordinator.js'
import { type Deployment, nodeOf, offersSession } from './deployment.js'
import type { Instance } from './instance.js'
import type { Instances } from './instance-rules.js'
import type { World } from './moment.js'
import { isOpen, isValid, type Store } from './redis.js'

/** What must hold in every world. */
export function createPromises(configuration: Configuration, instances: Instances, longestBoundMs: number) {
  const { signOff: kind, isBounded, losesNothing, timely } = configuration
  const othersMs = waitForOthersMs(LEASE_MS)
  const accepts = once((one: Instance) => instances.accepts(one) ?? '')
  const offers = once((redis: Deployment) => offersSession(redis, isValid))
  const endsEveryone = ({ nodes }: Deployment) =>
    nodes.some(({ signOffs }) => signOffs.some(({ what }) => what === 'everyone'))
  const hasEndedEveryone = once(endsEveryone)

  function violationOf(world: World): string | null {
    const { confirmed, durableAt } = world.log.value
    const isConfirmed = confirmed !== null
    if (losesNothing && hasEndedEveryone(world.redis))
      return 'promise 5: everybody is signed off, and nothing was lost'
    const isLate = isBounded && durableAt !== null && 0 - durableAt >= longestBoundMs
    if (!isConfirmed && !isLate) return null
    for (const instance of world.instances) {
      const how = accepts(instance)
      if (how === '') continue
      const when = isConfirmed
        ? 'promise 1: after it was confirmed'
        : 'promise 2: a bound after it was durable'
      return `${when}, ${instance.value.name} accepts a request ${how}`
    }
    if (!isConfirmed) return null
    if (offers(world.redis)) return 'promise 3: confirmed, and the session is valid again in Redis'
    if (kind === 'block' && letsIn(world))
      return 'promise 3: the block is confirmed, and the user can sign in'
    return null
  }

  /** CREATE_SESSION: in the open history which the guard of that identity follows. */
  function letsIn({ redis, instances }: World): boolean {
    if (redis.value.isAway) return false
    return instances.some(({ value: { memory, following, node } }) => {
      const store = nodeOf(redis.value, node)
      const mayCreate = memory !== null && isOpen(store) && store.history === following.history
      return mayCreate && store.user?.isBlocked !== true
    })
  }

  /**
   * Where that is assumed: an instance that lives, and knows of a history before, has said hello before somebody who
   * knows nothing has waited for long enough.
   */
  function mayTimePass({ redis, instances }: World): boolean {
    if (!timely || redis.value.isAway) return true
    const store = nodeOf(redis.value, 0)
    if (store.lost) return isPatient(store, instances)
    if (isOpen(store)) return true
    const isWaiting = instances.some(({ value }) => value.following.closed?.history === store.history)
    const hasSpoken = ({ value: { name, following } }: Known<Instance>) =>
      following.history === null || redis.value.greeted.includes(name)
    return !isWaiting || instances.every(hasSpoken)
  }

  /**
   * Likewise, where Redis is behind: an identity that knows more is told so in each tick, from the first on in which one
   * is that knows less; it has said what it knows before that one may believe that nobody knows more, and has had
   * everybody signed off before it is anybody's turn.
   */
  function isPatient({ history, seen, known }: Store, instances: World['instances']): boolean {
    return instances.every(({ value: one }) => {
      const since = one.memory?.behindSince
      if (since?.history !== history) return true
      const isNext = (turn: number) => 0 - since.atMs + TICK_MS >= turn * othersMs
      return instances.every(({ value }) => {
        const { memory, following } = value
        const knowledge = knowledgeOf(value)
        if (memory === null || knowledge <= knowledgeOf(one)) return true
        if (following.history === history) return true
        if (memory.behindSince?.history !== history || memory.behindSince.toldMs !== 0) return false
        if (isNext(2) && known < knowledge) return false
        const waitedMs = 0 - memory.behindSince.atMs
        const knowsAll = knowledge >= seen && waitedMs >= othersMs
        const knowsMost = knowledge >= known && waitedMs >= 2 * othersMs
        return !isNext(3) || (memory.request === null && !knowsAll && !knowsMost)
      })
    })
  }

  /** Each has a lease, in the history that Redis has. */
  function isServed({ redis, instances: all }: World): boolean {
    return all.every(({ value }) => {
      const store = nodeOf(redis.value, value.node)
      return isOpen(store) && store.history === value.following.history && instances.serves(value)
    })
  }

  /** What was reached: nothing is proved by a search that never came so far. */
  function featuresOf({ redis, coordinator, log, instances: all }: World): string[] {
    const { confirmed } = log.value
    const features = [...featuresOfRedis(redis)]
    if (all.some((one) => accepts(one) === 'from memory')) features.push('served from memory')
    if (coordinator.value.signOff === 'overtaken') features.push('overtaken')
    if (confirmed === null) return features
    features.push(`confirmed ${confirmed}`)
    if (all.some(({ value }) => instances.serves(value))) features.push('confirmed while a lease runs')
    if (redis.value.histories > 1) features.push('confirmed, and there was another history')
    return features
  }
  const featuresOfRedis = once((redis: Deployment) => {
    const isRecovered = redis.nodes.some(({ openedAt }) => openedAt === Number.MAX_SAFE_INTEGER)
    return [
      ...(redis.nodes.some(({ lost }) => lost) ? ['Redis is behind'] : []),
      ...(isRecovered ? ['Redis has recovered'] : []),
      ...(endsEveryone(redis) ? ['everybody was signed off'] : []),
    ]
  })

  return {
    violationOf,
    featuresOf,
    /** What can always be reached, if nothing more goes wrong. */
    goodEnds: [
      ['a confirmation', ({ coordinator }) => isOver(coordinator.value)],
      ['that everybody has a lease', isServed],
    ] satisfies ReadonlyArray<readonly [string, (world: World) => boolean]>,
    mayTimePass,
    /** Whether the sign-off can't be lost any more, as long as nobody restores an older copy. */
    isDurable({ nodes, disk }: Deployment): boolean {
      return [...nodes, ...(disk === null ? [] : [disk])].every(({ signOffs }) =>
        signOffs.some(({ what }) => what === 'the sign-off'),
      )
    },
  }
}

/** Up to where it knows of everything of a history before. */
function knowledgeOf({ memory, following: { history, applied } }: Instance): number {
  return history === null || memory?.isInformed === false ? 0 : applied
}
