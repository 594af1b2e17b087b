import type { RequestListener, ServerResponse } from 'node:http'
import { createGuard, type Guard, instanceName } from '@curfew/guard'
import { type Log, openRedis } from '@curfew/service'
import {
  type Browser,
  createBrowser,
  eventually,
  type GivenSession,
  openFirstHistory,
  redisUrl,
  serve,
} from '@curfew/testing'
import { createProjectsApp } from '../app.js'

export interface StartOptions {
  readonly namespace: string
  /** @default the shared one of this test process */
  readonly redisUrl?: string
  readonly instance?: string
  readonly leaseMs?: number
  /** Of a user's list in memory. */
  readonly listMaxAgeMs?: number
}

export interface StartedProjects extends AsyncDisposable {
  readonly url: string
  readonly guard: Guard
  /** What was logged as a warning or an error. */
  readonly complaints: readonly string[]
  /** Bytes of answers that wait here because their callers do not read. */
  unread(): number
  /** A browser that has the cookie of a session, or none. */
  browser(session?: GivenSession): Promise<Browser>
}

/** An instance of the service as `main.ts` builds it, served on a port of its own. */
export async function startProjects(options: StartOptions): Promise<StartedProjects> {
  const { namespace, leaseMs = 1_000, instance = 'projects-1', listMaxAgeMs } = options
  const url = options.redisUrl ?? (await redisUrl())
  const complaints: string[] = []
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (event) => complaints.push(event),
    error: (event, facts) => complaints.push(`${event} ${JSON.stringify(facts)}`),
  }

  let handler: RequestListener = (_request, response) => response.writeHead(503).end()
  const answers = new Set<ServerResponse>()
  const served = await serve((request, response) => {
    answers.add(response)
    response.once('close', () => answers.delete(response))
    handler(request, response)
  })
  const redis = await openRedis(url, { name: instance, log })
  await openFirstHistory(url, namespace)
  const guard = createGuard({
    redisUrl: url,
    service: 'projects',
    publicUrl: new URL(served.url),
    instance: instanceName(instance),
    namespace,
    leaseMs,
  })
  const projects = createProjectsApp({
    guard,
    redis,
    namespace,
    log,
    ...(listMaxAgeMs === undefined ? {} : { listMaxAgeMs }),
  })
  await eventually(async () => (await projects.ready()) === true)
  handler = projects.app.callback()
  const browsers: Browser[] = []

  return {
    url: served.url,
    guard,
    complaints,
    unread: () => [...answers].reduce((bytes, { writableLength }) => bytes + writableLength, 0),
    async browser(session) {
      const browser = createBrowser(served.url)
      browsers.push(browser)
      if (session) await browser.setCookie(`${session.cookie}; Path=/; HttpOnly; SameSite=Lax`)
      return browser
    },
    async [Symbol.asyncDispose]() {
      for (const browser of browsers) await browser[Symbol.asyncDispose]()
      projects.stop()
      await guard.close()
      redis.disconnect()
      await served[Symbol.asyncDispose]()
    },
  }
}
