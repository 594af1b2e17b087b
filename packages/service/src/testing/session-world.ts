/** A service with one page and identity's two addresses, for the tests of the browser modules. */
import { serve } from '@curfew/testing'
import Koa, { type Context } from 'koa'
import { serveAssets } from '../assets.js'
import { ServiceError } from '../errors.js'
import { html, respondWithPage } from '../html.js'
import { page } from '../page.js'
import { respondWithErrors } from '../respond-with-errors.js'
import { securityHeaders } from '../security-headers.js'
import { type EventStream, openEventStream } from '../sse.js'

export interface Person {
  readonly id: string
  readonly name: string
}

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export async function openWorld() {
  const streams = new Set<EventStream>()
  let person: Person | undefined = ADA
  let isDown = false

  const app = new Koa()
  // The address is known only when it listens, and the page needs it: what answers comes after.
  const server = await serve((request, response) => app.callback()(request, response))
  const publicUrl = new URL(server.url)
  app.use(securityHeaders(publicUrl))
  app.use(respondWithErrors(SILENT))
  app.use(serveAssets('/x/assets'))
  app.use((ctx) => {
    if (ctx.path.startsWith('/auth/session')) return answerSession(ctx)
    if (ctx.path.startsWith('/page')) return respondWithPage(ctx, pageOf(person, publicUrl))
  })

  function answerSession(ctx: Context): void {
    if (isDown) throw new ServiceError('store-unavailable', 'Try again.')
    if (person === undefined) throw new ServiceError('session-required', 'Sign in.')
    if (ctx.path === '/auth/session') {
      ctx.body = { user: person, session: {} }
      return
    }
    const stream = openEventStream(ctx)
    streams.add(stream)
    void stream.closed.then(() => streams.delete(stream))
    stream.send({ event: 'session', data: JSON.stringify({ user: person, ref: 'r1' }) })
  }

  const closeStreams = () => {
    for (const stream of streams) stream.close()
  }

  return {
    url: server.url,
    streams,
    closeStreams,
    /** The session ends, as identity says it. */
    end(reason: string) {
      person = undefined
      for (const stream of streams) stream.send({ event: 'ended', data: JSON.stringify({ reason }) })
      closeStreams()
    },
    signIn(as: Person | undefined) {
      person = as
    },
    /** Redis goes, and with it whoever could tell. */
    goDown() {
      isDown = true
      closeStreams()
    },
    comeBack() {
      isDown = false
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

export const ADA: Person = { id: 'u-ada', name: 'Ada' }
export const EDDA: Person = { id: 'u-edda', name: 'Edda' }

function pageOf(person: Person | undefined, publicUrl: URL) {
  const user = person && { ...person, roles: [] }
  const body = html`<h1>Hello ${person?.name}</h1><input id="draft">`
  return page({ title: 'Page', body, user, assets: '/x/assets', publicUrl })
}
