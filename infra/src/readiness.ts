import { once } from 'node:events'
import { connect } from 'node:net'

const PATIENCE_MS = 1_000

/** Ready when `url` answers with `status`. */
export const answers =
  (url: string, status = 200) =>
  async () => {
    const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS), redirect: 'manual' })
    await answer.body?.cancel()
    return answer.status === status
  }

/** Ready when Redis answers PING with PONG, and not while it still loads its append-only file. */
export const answersPing = (port: number) => async () => {
  const socket = connect(port, '127.0.0.1')
  try {
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('no answer to PING')))
    await once(socket, 'connect')
    socket.write('PING\r\n')
    const [answer] = await once(socket, 'data')
    return String(answer).startsWith('+PONG')
  } finally {
    socket.destroy()
  }
}
