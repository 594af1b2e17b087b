import type { Guard } from '@curfew/guard'
import { requireRole, type SessionState } from '@curfew/guard/koa'
import { callerOf, parseBody, parseInput, refuse, respondWithPage } from '@curfew/service'
import Router, { type RouterContext } from '@koa/router'
import type { Context, DefaultState } from 'koa'
import { z } from 'zod'
import { projectsPage } from './page.js'
import type { Project } from './project.js'
import type { Caller, Projects, ProjectWish } from './projects.js'
import { isAdmin, READERS, WRITERS } from './roles.js'

interface ProjectsState extends DefaultState, SessionState {}
export type ProjectsContext = RouterContext<ProjectsState, Context>

export interface ProjectRoutesOptions {
  readonly projects: Projects
  readonly guard: Guard
  readonly stream: (ctx: ProjectsContext) => void
}

/** HTTP to projects and back. Who may do what is in this table, whose projects in projects.ts. */
export function projectRoutes({
  projects,
  guard,
  stream,
}: ProjectRoutesOptions): Router<ProjectsState, Context> {
  const reads = requireRole(READERS, { refuse })
  const writes = requireRole(WRITERS, { refuse })

  const router = new Router<ProjectsState, Context>({ prefix: '/projects' })
  router.get('/', reads, list)
  router.post('/', writes, create)
  router.get('/stream', reads, stream)
  router.get('/:id', reads, show)
  router.patch('/:id', writes, change)
  router.delete('/:id', writes, remove)
  // What the page's forms send where no script runs.
  router.post('/:id/rename', writes, change)
  router.post('/:id/archive', writes, changeTo({ archived: true }))
  router.post('/:id/restore', writes, changeTo({ archived: false }))
  router.post('/:id/delete', writes, remove)

  async function list(ctx: ProjectsContext) {
    const { user } = ctx.state.session
    const owner = whoseList(ctx)
    const found = await projects.list(askerOf(ctx), owner)
    ctx.vary('Accept')
    if (wantsPage(ctx)) {
      const servedBy = { instance: guard.instance, sessionFrom: ctx.state.sessionFrom }
      const { publicUrl } = guard
      respondWithPage(ctx, projectsPage({ user, projects: found, owner, servedBy, publicUrl }))
    } else {
      ctx.body = { projects: found }
    }
  }

  async function show(ctx: ProjectsContext) {
    respond(ctx, await projects.find(askerOf(ctx), idOf(ctx)))
  }

  async function create(ctx: ProjectsContext) {
    const { name } = parseBody(createSchema, ctx)
    const project = await projects.create(askerOf(ctx), name)
    ctx.status = 201
    ctx.set('Location', `/projects/${project.id}`)
    respond(ctx, project)
  }

  async function change(ctx: ProjectsContext) {
    const wish = parseBody(wishSchema, ctx)
    respond(ctx, await projects.change(askerOf(ctx), idOf(ctx), { ...wish, ...ifMatch(ctx) }))
  }

  function changeTo(wish: ProjectWish) {
    return async function changeTo(ctx: ProjectsContext) {
      respond(ctx, await projects.change(askerOf(ctx), idOf(ctx), wish))
    }
  }

  async function remove(ctx: ProjectsContext) {
    await projects.remove(askerOf(ctx), idOf(ctx))
    if (wantsPage(ctx)) backToList(ctx)
    else ctx.status = 204
  }

  return router
}

const createSchema = z.strictObject({ name: z.string() })
/** A form sends its version as text. */
const wishSchema = z
  .strictObject({
    name: z.string().optional(),
    archived: z.boolean().optional(),
    version: z.coerce.number().int().positive().optional(),
  })
  .refine(({ name, archived }) => name !== undefined || archived !== undefined, {
    error: 'say what to change, name, archived or both',
  })
const ownerSchema = z.string().min(1).optional()

/** `?owner=`: a user's id, or `me`. Unless told, an admin's list is everyone's (undefined). */
function whoseList(ctx: ProjectsContext): string | undefined {
  const { user } = ctx.state.session
  const asked = parseInput(ownerSchema, ctx.query['owner'])
  return asked === 'me' || (asked === undefined && !isAdmin(user)) ? user.id : asked
}

function askerOf(ctx: ProjectsContext): Caller {
  const { user, ref } = ctx.state.session
  return { user, trace: { ref, ...callerOf(ctx) } }
}

/** A version may also come as HTTP has it: `If-Match`, RFC 9110 section 13.1.1. */
function ifMatch(ctx: ProjectsContext): { version?: number } {
  const condition = ctx.get('If-Match')
  return condition === '' || condition === '*' ? {} : { version: Number(condition.replaceAll('"', '')) }
}

/** A program gets the project, a person is led back to the list. */
function respond(ctx: ProjectsContext, project: Project): void {
  ctx.vary('Accept')
  if (wantsPage(ctx)) {
    backToList(ctx)
  } else {
    ctx.etag = String(project.version)
    ctx.body = project
  }
}

function backToList(ctx: ProjectsContext): void {
  ctx.redirect('/projects')
  ctx.status = 303
}

const wantsPage = (ctx: ProjectsContext) => ctx.accepts('json', 'html') === 'html'
const idOf = (ctx: ProjectsContext) => ctx.params['id'] ?? ''
