import { createGuard } from '@curfew/guard'
import { requireSession } from '@curfew/guard/koa'
import { givenSession } from '@curfew/testing'
import { Redis } from 'ioredis'
import Koa from 'koa'
import { type Contender, GREETING, type Surroundings } from '../contender.js'

/** As the README says that a service mounts the guard. */
export async function guardedKoa({ curfew }: Surroundings): Promise<Contender> {
  const redis = new Redis(curfew.redisUrl)
  const guard = createGuard({ ...curfew, service: 'bench', publicUrl: new URL('http://localhost') })
  await guard.ready()

  const app = new Koa()
  app.use(requireSession(guard))
  app.use((ctx) => {
    ctx.body = GREETING
  })
  return {
    handler: app.callback(),
    async signIn() {
      const { cookie } = await givenSession(redis, curfew.namespace)
      return `Cookie: ${cookie}`
    },
    leave: guard.close,
  }
}
