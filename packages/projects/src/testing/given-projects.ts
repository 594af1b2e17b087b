import { keysOf } from '@curfew/contract'
import {
  freshNamespace,
  type GivenSession,
  givenSession,
  openRedis,
  type SessionWanted,
} from '@curfew/testing'
import { z } from 'zod'
import { type StartedProjects, type StartOptions, startProjects } from './start-projects.js'

const projectSchema = z.object({
  id: z.string(),
  owner: z.string(),
  ownerName: z.string(),
  name: z.string(),
  createdAt: z.number(),
  archivedAt: z.number().nullable(),
  version: z.number(),
})

/** A project in an answer, or a change of one in a message of the stream. */
export const readProject = (answer: { readonly text: string }) => projectSchema.parse(JSON.parse(answer.text))
export const readList = (answer: { readonly text: string }) =>
  z.object({ projects: z.array(projectSchema) }).parse(JSON.parse(answer.text)).projects
export const readChange = (message: { readonly data: string }) =>
  z.object({ what: z.string(), project: projectSchema }).parse(JSON.parse(message.data))

/** The `code` of a problem. */
export const codeOf = (answer: { readonly text: string }) =>
  z.object({ code: z.string() }).parse(JSON.parse(answer.text)).code

/** One instance of the service, and Ada signed in as an editor. */
export async function givenProjects(options: Omit<StartOptions, 'namespace'> = {}) {
  const redis = await openRedis()
  const namespace = freshNamespace()
  const ada = await givenSession(redis, namespace, { user: 'ada', roles: ['editor'] })
  const started: StartedProjects[] = []

  async function start(more: Omit<StartOptions, 'namespace'> = {}): Promise<StartedProjects> {
    const instance = await startProjects({ namespace, ...options, ...more })
    started.push(instance)
    return instance
  }
  const service = await start()

  return {
    redis,
    namespace,
    service,
    /** Another instance beside the first. */
    start,
    ada,
    browser: await service.browser(ada),
    session: (wanted: SessionWanted): Promise<GivenSession> => givenSession(redis, namespace, wanted),
    /** The facts that were handed to the event log. */
    async facts() {
      const entries = await redis.xrange(keysOf(namespace).inbox('projects'), '-', '+')
      return entries.map(([, [, json = '']]) => factSchema.parse(JSON.parse(json)))
    },
    async [Symbol.asyncDispose]() {
      for (const instance of started) await instance[Symbol.asyncDispose]()
      await redis[Symbol.asyncDispose]()
    },
  }
}

const factSchema = z.object({
  type: z.string(),
  source: z.string(),
  subject: z.string(),
  data: z.record(z.string(), z.unknown()),
})
