import { type CurfewEvent, redisConnection } from '@curfew/contract'
import { type Job, Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { z } from 'zod'
import type { Sessions } from '../sessions/sessions.js'
import type { EndedSession } from './ended-session.js'
import { moveInboxes } from './inbox-mover.js'
import { followLog } from './log-follower.js'
import { ATTEMPTS, createRevokeJob, type RevokeOptions } from './revoke-job.js'
import { tidyEveryone } from './tidy-everyone.js'
import { tidyUser } from './tidy-user.js'
import { LeftToAnother, mayWait, waitForAnother } from './wait-for-another.js'

export interface WorkOptions extends RevokeOptions {
  readonly redisUrl: string
  readonly sessions: Sessions
  readonly onError: (error: unknown) => void
  /** How often expired sessions are looked for. Milliseconds. @default 5_000 */
  readonly sweepEveryMs?: number
  /** A job of a process that was killed is taken up by another so long after. Milliseconds. @default 30_000 */
  readonly lockMs?: number
}

const QUEUE = 'identity'

/** A job is given up when its process was killed so often while at it: then the job is what kills it. */
const MOST_KILLED = 100

/** What starts and stops us waits for 15 s. */
const LONGEST_STOP_MS = 5_000

/** A Redis that says nothing for so long is away. */
const LONGEST_ANSWER_MS = 1_000

/** Longer than any read blocks, and BullMQ's do for 10 s: then the master froze, and there may be another one. */
const LONGEST_SILENCE_MS = 12_000

const TidyJob = z.object({
  userId: z.string(),
  correlationId: z.string().exactOptional(),
})

/**
 * The background work of identity, by BullMQ. Driven from the log with a stored cursor, and job id =
 * event id, or for revocations the session's: an event that is read twice makes one job, and every job may run twice.
 *
 * | job              | because of                                | does                                    |
 * | ---------------- | ----------------------------------------- | --------------------------------------- |
 * | `sweep-expired`  | time                                      | ends sessions whose time has come       |
 * | `tidy-user`      | `user.logged-out`, `user.blocked`         | removes what the increment left behind  |
 * | `tidy-everyone`  | `everyone.logged-out`                     | removes what the new era left behind    |
 * | `revoke-tokens`  | `session.revoked`, `session.expired`, tidying | revokes the provider's tokens       |
 */
export function startWork(options: WorkOptions) {
  const { redisUrl, redis, keys, sessions, onError, sweepEveryMs = 5_000, lockMs = 30_000 } = options
  const revoke = createRevokeJob(options)
  const stopping = new AbortController()
  let isSweeping = false

  // BullMQ waits for Redis by itself, and asks for connections that never give up.
  const open = (name: string) => {
    const connection = new Redis({
      ...redisConnection(redisUrl),
      connectionName: name,
      maxRetriesPerRequest: null,
      socketTimeout: LONGEST_SILENCE_MS,
      // Null gives up what waits to be sent. Hanging up between two attempts would leave it waiting for ever.
      retryStrategy: (times) => (stopping.signal.aborted ? null : Math.min(50 * times, 1_000)),
    })
    return connection.on('error', onError)
  }
  const connection = open('identity:work')
  const logReader = open('identity:log')
  const inboxReader = open('identity:inboxes')

  const queue = new Queue(QUEUE, { connection, prefix: keys.jobs })
  queue.on('error', onError)
  const worker = new Worker(QUEUE, run, {
    connection,
    prefix: keys.jobs,
    concurrency: 10,
    lockDuration: lockMs,
    stalledInterval: lockMs,
    maxStalledCount: MOST_KILLED,
    // After an outage work goes on soon.
    runRetryDelay: 1_000,
  })
  worker.on('error', onError)
  worker.on('failed', (_job, error) => onError(error))

  // Each time: a Redis that comes back may have been emptied.
  connection.on('ready', () => {
    queue
      .upsertJobScheduler('sweep-expired', { every: sweepEveryMs }, { name: 'sweep-expired', opts: FORGET })
      .catch(onError)
  })

  const following = followLog(
    { redis, reader: logReader, keys, consumer: 'work', handle: enqueue, onError },
    stopping.signal,
  )
  const moving = moveInboxes({ redis, reader: inboxReader, keys, onError }, stopping.signal)

  async function enqueue(event: CurfewEvent): Promise<void> {
    const { id, source, type, subject, data } = event
    // Nobody else ends sessions, whatever a service may have got into the log.
    if (source !== '/identity') return
    const { correlationId } = data
    const caused = correlationId === undefined ? {} : { correlationId }
    if (type === 'user.logged-out' || type === 'user.blocked') {
      await queue.add('tidy-user', { userId: subject, ...caused }, { jobId: id, ...KEEP, ...RETRY })
    } else if (type === 'everyone.logged-out') {
      await queue.add('tidy-everyone', {}, { jobId: id, ...KEEP, ...RETRY })
    } else if ((type === 'session.revoked' || type === 'session.expired') && data.ref && data.provider) {
      const { ref, provider, subjectName } = data
      await enqueueRevocations([
        { ref, provider, userId: subject, ...(subjectName ? { subjectName } : {}), ...caused },
      ])
    }
  }

  /** One for a session, however many sign-offs find it: the second would find no tokens, and not know why. */
  async function enqueueRevocations(ended: readonly EndedSession[]): Promise<void> {
    await queue.addBulk(
      ended.map((session) => ({
        name: 'revoke-tokens',
        data: session,
        opts: { jobId: `revoke-${session.ref}`, ...KEEP, ...RETRY },
      })),
    )
  }

  async function run(job: Job, token: string | undefined): Promise<void> {
    try {
      await perform(job)
    } catch (error) {
      if (!(error instanceof LeftToAnother) || !mayWait(job)) throw error
      onError(error)
      await waitForAnother(job, token)
    }
  }

  async function perform(job: Job): Promise<void> {
    if (job.name === 'sweep-expired') {
      await sweep()
    } else if (job.name === 'tidy-user') {
      const { userId, ...caused } = TidyJob.parse(job.data)
      await tidyUser({ redis, keys }, userId, (ended) =>
        enqueueRevocations(ended.map((session) => ({ ...session, ...caused }))),
      )
    } else if (job.name === 'tidy-everyone') {
      await tidyEveryone({ redis, keys }, enqueueRevocations)
    } else if (job.name === 'revoke-tokens') {
      await revoke(job)
    }
  }

  /** When one takes longer than it is to the next, a second would only ask Redis for the same. */
  async function sweep(): Promise<void> {
    if (isSweeping) return
    isSweeping = true
    await sessions.sweepExpired().finally(() => {
      isSweeping = false
    })
  }

  async function finish(): Promise<void> {
    await Promise.all([following, moving, closeWorker()])
    await queue.close()
  }

  /** Without Redis no job can finish, and BullMQ would wait for ever for a connection to say that it has ended. */
  async function closeWorker(): Promise<void> {
    const answer = connection.ping().catch(onError)
    const isThere = (await within(LONGEST_ANSWER_MS, answer)) === 'PONG'
    await worker.close(!isThere)
  }

  return {
    /** Lets the jobs that run now finish, for a while. */
    async stop(): Promise<void> {
      stopping.abort()
      for (const reader of [logReader, inboxReader]) if (reader.status !== 'reconnecting') reader.disconnect()
      // A Redis that keeps silent must not keep us: what is left undone is done by the next one.
      await within(LONGEST_STOP_MS, finish())
      for (const one of [connection, logReader, inboxReader]) if (one.status !== 'end') one.disconnect()
    },
  }
}

async function within<T>(deadlineMs: number, work: Promise<T>): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), deadlineMs)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** Kept for a day, so that an event which is read again finds that its job was done. */
const KEEP = { removeOnComplete: { age: 86_400 }, removeOnFail: { age: 7 * 86_400 } }
const FORGET = { removeOnComplete: true, removeOnFail: 100 }
const RETRY = { attempts: ATTEMPTS, backoff: { type: 'exponential', delay: 1_000 } }
