import type { IncomingMessage } from 'node:http'
import type { History } from '../history/history.js'
import type { Instance } from '../world/world.js'
import { described, NO_ANSWER, send } from './ask.js'
import type { KnownSession } from './people.js'
import { requestOutcome } from './visit.js'

/** Opens a stream of a service under a session, and records every message on it until it ends or is left. */
export async function watch(
  history: History,
  instance: Instance,
  session: KnownSession,
  leave: AbortSignal,
): Promise<void> {
  const id = history.nextId('stream')
  const start = history.now()
  const stream = await send(instance.url, { id, path: '/numbers', cookie: session.cookie }).catch(noAnswer)
  const { status, ...head } = stream ? described(stream) : NO_ANSWER
  const outcome = requestOutcome(status)
  history.record({
    op: 'request',
    id,
    start,
    end: history.now(),
    session: session.name,
    instance: instance.name,
    path: '/numbers',
    status,
    ...head,
    outcome,
    final: false,
  })
  if (stream === null) return
  if (outcome !== 'accepted' || leave.aborted) {
    stream.destroy()
    return
  }
  const close = () => stream.destroy()
  leave.addEventListener('abort', close)
  stream.setTimeout(0)
  for await (const [number, moment] of messagesOf(stream)) {
    const names = { session: session.name, instance: instance.name, stream: id }
    history.record({ op: 'message', ...names, number, sentAt: history.at(moment) })
  }
  leave.removeEventListener('abort', close)
}

async function* messagesOf(stream: IncomingMessage): AsyncGenerator<[number: number, moment: bigint]> {
  let rest = ''
  try {
    for await (const chunk of stream.setEncoding('utf8')) {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const [, number, moment] = /^data: (\d+) (\d+)$/.exec(line) ?? []
        if (number !== undefined && moment !== undefined) yield [Number(number), BigInt(moment)]
      }
    }
  } catch (error) {
    // However it broke, it is over.
    if (!(error instanceof Error && 'code' in error)) throw error
  }
}

function noAnswer(error: unknown): null {
  if (error instanceof Error && 'code' in error) return null
  throw error
}
