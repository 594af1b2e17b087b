import {
  isMasterNoMore,
  type Keys,
  nonceCandidate,
  parseSessionRecord,
  parseSignOff,
  redisConnection,
  renewalIntervalMs,
  type SessionRecord,
  type SignOff,
} from '@curfew/contract'
import { Redis } from 'ioredis'
import { evaluate } from './evaluate.js'
import type { Hello, HelloAnswer } from './following.js'
import { ACKNOWLEDGE, HELLO, LEAVE, READ, REPORT_USE, STANDING } from './scripts.js'
import { mayGoUnanswered, sendUnanswered } from './unanswered.js'

/** A guard's wires to Redis: one connection for commands, one that listens. */
export interface StoreLink {
  /** Connects both wires. They reconnect by themselves for as long as the link is open. */
  open(): void
  hello(hello: Hello): Promise<HelloAnswer>
  read(ref: string): Promise<ReadAnswer>
  /**
   * Says to whoever waits for it that everything up to a sequence is applied here, if Redis has that history. A
   * message and no more: the table of members learns it from the next hello, which also says it again.
   */
  acknowledge(history: string, sequence: number, hooksFailed: readonly number[]): Promise<void>
  /** Resolves for each with whether its session lives on. */
  reportUse(uses: readonly Use[]): Promise<boolean[]>
  /** Appends facts to this service's inbox, from where they are moved into the log. */
  recordFact(json: string): Promise<void>
  /** Takes this instance off the table of members, and hangs up. */
  close(): Promise<void>
  /** Whether sign-offs are being heard. Good to know, and evidence of nothing. */
  readonly listening: boolean
  /** Whether a command can be sent. */
  readonly connected: boolean
}

export interface Use {
  readonly ref: string
  readonly agoMs: number
  readonly idleTtlMs: number
}

export interface ReadAnswer {
  readonly history: string
  readonly head: number
  /** Whether the history is open: else the answer says nothing. */
  readonly isOpen: boolean
  /** Null: there is no such session, or it is over. */
  readonly found: {
    readonly session: SessionRecord
    readonly idleLeftMs: number
    readonly leftMs: number
    readonly sinceSeenMs: number
  } | null
}

export interface StoreLinkOptions {
  readonly redisUrl: string
  readonly keys: Keys
  readonly instance: string
  readonly service: string
  /** What runs here; '' when nobody says. */
  readonly version: string
  readonly leaseMs: number
  /** A command that takes longer has failed. Milliseconds. */
  readonly commandTimeoutMs: number
  onSignOff(history: string, signOff: SignOff): void
  /** Both wires are there, or one is there again: something may have been missed, and can be asked for. */
  onConnected(): void
  onError(error: Error): void
}

const NEVER = -1

/** More than this is not replayed one by one: memory is emptied instead. */
const MOST_MISSED = 1_000

export function createStoreLink(options: StoreLinkOptions): StoreLink {
  const { redisUrl, keys, instance, service, version, leaseMs, commandTimeoutMs } = options
  let hellos = 0

  // No queue and no resending: a command of the protocol that could not be sent now has failed now.
  const wire = {
    ...redisConnection(redisUrl),
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    connectTimeout: commandTimeoutMs,
    // How long a socket that we close may take to say goodbye, before it is cut.
    disconnectTimeout: 200,
    retryStrategy: (attempt: number) => Math.min(50 * attempt, 500),
  }
  const commands: Redis = new Redis({
    ...wire,
    // Once, as in takeAnew.
    reconnectOnError: (error) => commands.stream.writable && isMasterNoMore(error),
  })
  // ioredis says nothing when it resubscribes by itself, and we need to know from when on we hear.
  const ears = new Redis({ ...wire, autoResubscribe: false })
  let listening = false
  /** Whether it may be said on the connection that listens, unanswered. */
  let maySpeak = false
  /** How often the connection for commands was lost, and after which loss the one that listens was seen to lead to the master, too. */
  let losses = 0
  let unitedSince = NEVER
  /** After which loss, and when, it was last taken anew for leading elsewhere. */
  let hungUpSince = NEVER
  let hungUpAt = Number.NEGATIVE_INFINITY
  /** What came last on the connection that listens: who brings nothing may be silently gone. */
  let heardLast = { history: '', sequence: 0 }
  let closed = false

  commands.on('error', options.onError)
  commands.on('close', () => {
    losses++
  })
  commands.on('ready', tellConnected)
  ears.on('error', (error) => {
    // An answer that nobody waits for is one, too.
    maySpeak = false
    options.onError(error)
  })
  ears.on('close', () => {
    listening = false
    maySpeak = false
  })
  ears.on('ready', () => {
    unitedSince = NEVER
    void listen().catch(listenAnew)
  })
  ears.on('message', (_channel, message: string) => {
    const heard = parseMessage(message)
    if (heard === null) return
    heardLast = { history: heard.history, sequence: heard.signOff.sequence }
    options.onSignOff(heard.history, heard.signOff)
  })

  async function run(script: string, scriptKeys: string[], args: Array<string | number>): Promise<unknown[]> {
    try {
      const reply = await evaluate(commands, script, scriptKeys, args)
      return Array.isArray(reply) ? reply : [reply]
    } catch (error) {
      // A connection that went silent without being closed stays silent: take another.
      if (isTimeout(error)) takeAnew(commands)
      throw error
    }
  }

  async function listen(): Promise<void> {
    await ears.subscribe(keys.channels.signoffs)
    listening = true
    tellConnected()
    maySpeak = (await mayGoUnanswered(ears)) && listening
  }

  /** Whichever of the two comes last. */
  function tellConnected(): void {
    if (listening && commands.status === 'ready') options.onConnected()
  }

  function listenAnew(error: Error): void {
    options.onError(error)
    if (ears.status === 'ready') ears.disconnect(true)
  }

  /**
   * A history was answered to a write, so there is the master. If the connection that listens leads elsewhere it is taken
   * anew: a replica hears all that its master says, and tells it nothing.
   */
  async function reunite(history: string): Promise<void> {
    const lost = losses
    // Whatever is answered there is believed only if it looks like it: see unanswered.ts.
    const there = await ears.info('replication').then(String, () => null)
    // Without an answer nothing is known, and the next hello asks again.
    if (there === null) return
    const [, replicationId] = /master_replid:(\w+)/.exec(there) ?? []
    const isOurs = history.split(':')[0] === replicationId
    if (isOurs && there.includes('role:master')) {
      unitedSince = lost
      return
    }
    // Whom a balancer sends to a replica that hears its master would be sent there again. Whoever connects says hello, so that
    // this is asked again at once.
    const hears = isOurs && there.includes('master_link_status:up')
    const hangsUpOften = performance.now() - hungUpAt < renewalIntervalMs(leaseMs)
    if ((hears && hungUpSince === lost) || hangsUpOften) return
    hungUpSince = lost
    hungUpAt = performance.now()
    takeAnew(ears)
  }

  /** Whoever only listens does not notice that the connection went silent. */
  async function checkEars(): Promise<void> {
    try {
      await ears.ping()
    } catch (error) {
      if (isTimeout(error)) takeAnew(ears)
    }
  }

  return {
    open() {
      commands.connect().catch(options.onError)
      ears.connect().catch(options.onError)
    },

    async hello({ history, applied, acknowledged, opens, hooksFailed }) {
      if (listening) void checkEars()
      const reply = await run(
        HELLO,
        [keys.history, keys.sequence, keys.members, keys.signoffs, keys.inboxes],
        [
          nonceCandidate(),
          instance,
          service,
          history ?? '',
          applied,
          acknowledged,
          MOST_MISSED,
          ++hellos,
          leaseMs,
          keys.channels.acknowledgements,
          opens ?? '',
          JSON.stringify(hooksFailed),
          version,
        ],
      )
      const answer = parseHello(reply)
      if (unitedSince !== losses && listening) void reunite(answer.history)
      return answer
    },

    async read(ref) {
      const reply = await run(
        READ,
        [keys.history, keys.sequence, keys.session(ref), keys.seen, keys.era],
        [nonceCandidate(), ref, keys.prefix],
      )
      return parseRead(reply)
    },

    async acknowledge(history, sequence, hooksFailed) {
      const channel = keys.channels.acknowledgements
      const said = [history, channel, instance, sequence, JSON.stringify(hooksFailed)]
      const isHeardThere = heardLast.history === history && heardLast.sequence >= sequence
      if (isHeardThere && maySpeak && unitedSince === losses && ears.stream.writable)
        sendUnanswered(ears, 'eval', [ACKNOWLEDGE, 1, keys.history, ...said])
      else await run(ACKNOWLEDGE, [keys.history], said)
    },

    async reportUse(uses) {
      const lives = await run(
        REPORT_USE,
        [keys.seen],
        uses.flatMap(({ ref, agoMs, idleTtlMs }) => [ref, Math.round(agoMs), idleTtlMs]),
      )
      return uses.map((_use, i) => lives[i] === 1)
    },

    async recordFact(json) {
      await commands.xadd(keys.inbox(service), '*', 'event', json)
    },

    async close() {
      if (closed) return
      closed = true
      ears.disconnect()
      if (commands.status === 'ready') {
        // Not being able to say goodbye costs the next sign-off one lease, and is no reason not to go.
        await run(
          LEAVE,
          [keys.history, keys.sequence, keys.members],
          [nonceCandidate(), instance, keys.channels.acknowledgements],
        ).catch(options.onError)
      }
      commands.disconnect()
    },

    get listening() {
      return listening
    },

    get connected() {
      return commands.status === 'ready'
    },
  }
}

/** Hangs up once: each time ioredis would leave another listener on the socket. */
function takeAnew(redis: Redis): void {
  if (redis.stream.writable) redis.disconnect(true)
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Command timed out'
}

function parseHello([history, head, code, ...missed]: unknown[]): HelloAnswer {
  if (typeof history !== 'string' || typeof head !== 'number') throw new TypeError('hello: unexpected reply')
  if (code === STANDING.late) throw new Error('hello: a later one came first')
  const standing = STANDINGS.find((standing) => STANDING[standing] === code)
  if (standing === undefined) throw new TypeError('hello: unexpected reply')
  const signOffs: SignOff[] = []
  for (let i = 0; i + 1 < missed.length; i += 2) {
    // One that can't be read leaves a gap, and a gap empties memory.
    const signOff = parseSignOff(Number(missed[i]), String(missed[i + 1]))
    if (signOff) signOffs.push(signOff)
  }
  return { history, head, standing, missed: signOffs }
}

const STANDINGS = ['renewed', 'joined', 'waiting', 'behind'] as const

function parseRead([history, head, open, record, idleLeft, left, sinceSeen]: unknown[]): ReadAnswer {
  if (typeof history !== 'string' || typeof head !== 'number') throw new TypeError('read: unexpected reply')
  const session = typeof record === 'string' ? parseSessionRecord(record) : null
  const isOpen = open === 1
  if (session === null) return { history, head, isOpen, found: null }
  return {
    history,
    head,
    isOpen,
    found: {
      session,
      idleLeftMs: Number(idleLeft),
      leftMs: Number(left),
      sinceSeenMs: Number(sinceSeen),
    },
  }
}

/** `<history> <sequence> <JSON>`, see the channels in contract/keys.ts. */
function parseMessage(message: string): { history: string; signOff: SignOff } | null {
  const first = message.indexOf(' ')
  const second = message.indexOf(' ', first + 1)
  if (first === -1 || second === -1) return null
  const signOff = parseSignOff(Number(message.slice(first + 1, second)), message.slice(second + 1))
  return signOff && { history: message.slice(0, first), signOff }
}
