import { emptiedStore, isOpen, newStore, type Store } from './redis.js'

/**
 * The Redis processes of a world, and what happens to them.
 *
 * - `one`: with `appendfsync always`. What anybody saw of it is on disk.
 * - `one that syncs later`: what it answered can be lost, until the disk has caught up.
 * - `one replica`, `two replicas`: node 0 is the master, node 1 is promoted while the old master lives on, which is
 *   demoted some time later. Node 2 follows the old master until it is told to follow the new one.
 */
export type DeploymentKind = 'one' | 'one that syncs later' | 'one replica' | 'two replicas'

export interface Deployment {
  readonly nodes: readonly Store[]
  /** What is on disk. Only where it syncs later. */
  readonly disk: Store | null
  /** What an operator keeps: a copy from the beginning. */
  readonly copy: Store
  /** How many histories there have been. */
  readonly histories: number
  readonly master: 'old' | 'new, and the old one lives on' | 'new'
  /** Whom node 2 follows. */
  readonly thirdFollows: 0 | 1
  /** Nobody reaches Redis. */
  readonly isAway: boolean
  /** Instances that have said hello in the newest history, where that is assumed to happen in time. */
  readonly greeted: readonly string[]
  /** How the rows of instances were numbered last, where rows are dropped. */
  readonly numbers: ReadonlyArray<{
    readonly instance: string
    readonly renewals: number
    readonly isLookedAt: boolean
  }>
}

/** What may still happen. Each costs one. */
export interface Budget {
  readonly others: number
  readonly covering: number
  readonly crashes: number
  readonly restores: number
  readonly empties: number
  readonly promotions: number
  readonly outages: number
  readonly restarts: number
  readonly sleeps: number
  readonly steps: number
}

export const NOTHING_HAPPENS: Budget = {
  others: 0,
  covering: 0,
  crashes: 0,
  restores: 0,
  empties: 0,
  promotions: 0,
  outages: 0,
  restarts: 0,
  sleeps: 0,
  steps: 0,
}

export interface Happening {
  readonly label: string
  readonly isFault: boolean
  readonly next: Deployment
  readonly costs?: keyof Budget
  /** Connections are cut: what was sent and not answered never will be. */
  readonly cuts?: boolean
  /** Everything that node `from` had is on node `to` now, or on disk. */
  readonly copied?: { readonly from: number; readonly to: number }
}

const DISK = 1

export function newDeployment(
  kind: DeploymentKind,
  begins: 'with nothing' | 'with a sign-off' = 'with nothing',
): Deployment {
  const store = newStore('h1', begins === 'with nothing' ? [] : [{ sequence: 1, what: 'another' }])
  const replicas = kind === 'two replicas' ? 2 : kind === 'one replica' ? 1 : 0
  return {
    nodes: [store, store, kept(store)].slice(0, 1 + replicas),
    disk: kind === 'one that syncs later' ? store : null,
    copy: store,
    histories: 1,
    master: 'old',
    thirdFollows: 0,
    isAway: false,
    greeted: [],
    numbers: [],
  }
}

/** Where a client that is connected to `node` may write; null when it is refused. */
export function writable({ master }: Deployment, node: number): boolean {
  return node === 0 ? master !== 'new' : master !== 'old'
}

export function nodeOf({ nodes }: Deployment, node: number): Store {
  const store = nodes[node]
  if (store === undefined) throw new TypeError(`there is no node ${node}`)
  return store
}

export function withNode(deployment: Deployment, node: number, store: Store): Deployment {
  if (nodeOf(deployment, node) === store) return deployment
  return { ...deployment, nodes: deployment.nodes.map((one, at) => (at === node ? store : one)) }
}

/** How many others must have what was written, before it is durable. */
export function holdersNeeded({ nodes, disk }: Deployment): number {
  return disk === null ? nodes.length - 1 : 1
}

export function happeningsOf(deployment: Deployment, left: Budget): Happening[] {
  return deployment.nodes.length > 1
    ? happeningsOfSeveral(deployment, left)
    : happeningsOfOne(deployment, left)
}

function happeningsOfOne(deployment: Deployment, left: Budget): Happening[] {
  const { disk, copy, isAway } = deployment
  const store = nodeOf(deployment, 0)
  const found: Happening[] = []
  if (disk !== null && disk !== store) {
    found.push({
      label: 'the disk has what Redis has',
      isFault: false,
      next: { ...deployment, disk: store },
      copied: { from: 0, to: DISK },
    })
  }
  if (left.crashes > 0) {
    const label = disk === null ? 'Redis restarts' : 'Redis crashes, and restarts with what is on disk'
    found.push({
      label,
      isFault: true,
      next: restarted(deployment, disk ?? store),
      costs: 'crashes',
      cuts: true,
    })
  }
  if (left.restores > 0) {
    const label = 'Redis is restored from the copy'
    found.push({ label, isFault: true, next: restarted(deployment, copy), costs: 'restores', cuts: true })
  }
  if (left.empties > 0) {
    const next = begun(deployment, emptiedStore)
    found.push({ label: 'Redis is emptied', isFault: true, next, costs: 'empties' })
  }
  if (left.outages > 0) {
    const next = { ...deployment, isAway: true }
    found.push({ label: 'nobody reaches Redis', isFault: true, next, costs: 'outages', cuts: true })
  }
  if (isAway) {
    found.push({ label: 'Redis is reached again', isFault: false, next: { ...deployment, isAway: false } })
  }
  return found
}

function happeningsOfSeveral(deployment: Deployment, left: Budget): Happening[] {
  const { nodes, master, thirdFollows } = deployment
  const found: Happening[] = []
  const replicate = (from: number, to: number) =>
    found.push({
      label: `node ${to} has what node ${from} has`,
      isFault: false,
      next: withNode(deployment, to, to === 2 ? kept(nodeOf(deployment, from)) : nodeOf(deployment, from)),
      copied: { from, to },
    })
  if (master === 'old') {
    replicate(0, 1)
    if (left.promotions > 0) {
      found.push({
        label: 'node 1 is promoted, and node 0 lives on',
        isFault: true,
        next: begun({ ...deployment, master: 'new, and the old one lives on' }, (history) => ({
          ...nodeOf(deployment, 1),
          history,
        })),
        costs: 'promotions',
      })
    }
  } else if (master === 'new') replicate(1, 0)
  else {
    found.push({
      label: 'node 0 is demoted, and has what node 1 has',
      isFault: false,
      next: { ...withNode(deployment, 0, nodeOf(deployment, 1)), master: 'new' },
      copied: { from: 1, to: 0 },
    })
  }
  if (nodes.length > 2 && thirdFollows === 1) replicate(1, 2)
  if (nodes.length > 2 && thirdFollows === 0) {
    if (master !== 'new') replicate(0, 2)
    if (master !== 'old') {
      found.push({
        label: 'node 2 follows node 1, and has what it has',
        isFault: false,
        next: { ...withNode(deployment, 2, kept(nodeOf(deployment, 1))), thirdFollows: 1 },
        copied: { from: 1, to: 2 },
      })
    }
  }
  return found
}

/** Node 2 is never asked anything: all that matters of it is whether it has the sign-off. */
function kept({ signOffs }: Store): Store {
  return { ...emptiedStore('h1'), signOffs: signOffs.filter(({ what }) => what === 'the sign-off') }
}

/** A new process with the data of `store`: its replication id is another. */
function restarted(deployment: Deployment, store: Store): Deployment {
  return begun(deployment, (history) => ({ ...store, history }))
}

/** A new history begins, on the node that is master from now on. */
function begun(deployment: Deployment, storeIn: (history: string) => Store): Deployment {
  const histories = deployment.histories + 1
  const store = storeIn(`h${histories}`)
  const next = withNode(deployment, deployment.master === 'old' ? 0 : 1, store)
  return { ...next, histories, greeted: [], disk: deployment.disk === null ? null : store }
}

export function keyOfDeployment(deployment: Deployment): string {
  const { nodes, disk, histories, master, thirdFollows, isAway, greeted, numbers } = deployment
  return [
    ...nodes.map(keyOfStore),
    disk && keyOfStore(disk),
    histories,
    master,
    thirdFollows,
    isAway,
    greeted,
    JSON.stringify(numbers),
  ].join('|')
}

const keys = new WeakMap<Store, string>()

function keyOfStore(store: Store): string {
  const known = keys.get(store)
  if (known !== undefined) return known
  const { history, opened, openedAt, seen, known: knownUpTo, lost, forked, head, signOffs, members } = store
  const { hasRecord, tombstone, isOutlived, user } = store
  const key = [
    ...[history, opened, openedAt, seen, knownUpTo, lost, forked, head, hasRecord, tombstone, isOutlived],
    ...(user === null ? [] : [user.endedBy, user.endedAt, user.isBlocked]),
    ...signOffs.map(({ sequence, what }) => `${sequence}${what}`),
    ...members.map((row) => `${row.instance} ${row.history} ${row.acknowledged} ${row.renewals}`),
  ].join(',')
  keys.set(store, key)
  return key
}

/** Whether the session could be read as valid, in a history that is open, from a node that is or was master. */
export function offersSession(deployment: Deployment, isValid: (store: Store) => boolean): boolean {
  const { nodes, master } = deployment
  const masters = master === 'old' ? [0] : master === 'new' ? [1] : [0, 1]
  return masters.some((node) => {
    const store = nodes[node]
    return store !== undefined && isOpen(store) && isValid(store)
  })
}
