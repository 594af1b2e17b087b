/** A service for run-service.test.ts: it does on request what services do at their worst. */
import { once } from 'node:events'
import Koa from 'koa'
import { commonReaders, readEnv, text } from '../env.js'
import { logRequests } from '../log-requests.js'
import { runService } from '../run-service.js'
import { openEventStream } from '../sse.js'

await runService({
  name: 'fixture',
  readConfig: (env) => readEnv(env, { ...commonReaders('fixture'), MISBEHAVE: text('no') }),
  async build(config, log) {
    if (config.MISBEHAVE === 'build') throw new Error('internal words')
    if (config.MISBEHAVE === 'hang') {
      log.info('fixture.hanging')
      await once(process, 'message')
    }
    const answers: Record<string, (ctx: Koa.Context) => unknown> = {
      '/quick': (ctx) => {
        ctx.body = 'quick'
      },
      '/slow': async (ctx) => {
        log.info('fixture.slow')
        await once(process, 'message')
        ctx.body = 'slow'
      },
      '/stream': (ctx) => openEventStream(ctx).send({ data: 'hello' }),
      '/ip': (ctx) => {
        ctx.body = ctx.ip
      },
      '/reject': () => void Promise.reject(new Error('nobody waits for this')),
      '/throw': () => {
        setImmediate(() => {
          throw new Error('nobody catches this')
        })
      },
    }
    const app = new Koa().use(logRequests(log)).use((ctx) => answers[ctx.path]?.(ctx))
    return {
      app,
      onUpgrade: (_request, socket) =>
        void socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n'),
      stop: () => log.info('fixture.stopped'),
    }
  },
})
