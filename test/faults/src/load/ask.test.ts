import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { freePort } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { folderFor } from '../folder.js'
import { createHistory } from '../history/history.js'
import { ask } from './ask.js'

const test = suite('faults: asking')

// found 2026-11-27: who had stood still for two seconds closed a connection on which it was just asked.
test('a question is asked again whose connection was kept, and then closed', async () => {
  await using server = await given([answer, reset, answer])

  assert.is(await server.ask({ isSafe: true }), 200)
  assert.is(await server.ask({ isSafe: true }), 200)
  assert.is(server.asked, 3)
})

test('what may change something is not asked again', async () => {
  await using server = await given([answer, reset, answer])

  assert.is(await server.ask({ isSafe: true }), 200)
  assert.is(await server.ask({ isSafe: false }), 0)
  assert.is(server.asked, 2)
})

test('a new connection that is closed is no answer, and nothing is asked again', async () => {
  await using server = await given([reset, answer])

  assert.is(await server.ask({ isSafe: true }), 0)
  assert.is(server.asked, 1)
})

test('who closes the new connection, too, has not answered', async () => {
  await using server = await given([answer, reset, reset, answer])

  assert.is(await server.ask({ isSafe: true }), 200)
  assert.is(await server.ask({ isSafe: true }), 0)
  assert.is(server.asked, 3)
})

test.run()

type Answering = (req: IncomingMessage, res: ServerResponse) => void

function answer(_req: IncomingMessage, res: ServerResponse): void {
  res.end()
}

function reset(req: IncomingMessage): void {
  req.socket.resetAndDestroy()
}

/** A server that does this to one question after the other. */
async function given(answers: readonly Answering[]) {
  let asked = 0
  const server = createServer((req, res) => answers[asked++]?.(req, res))
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const history = createHistory(join(await folderFor(`asking-${port}`), 'history.jsonl'))
  return {
    /** The status, 0 without an answer. */
    async ask({ isSafe }: { isSafe: boolean }): Promise<number> {
      const url = `http://127.0.0.1:${port}`
      return (await ask(history, { url }, { id: history.nextId('ask'), path: '/', isSafe })).status
    },
    get asked() {
      return asked
    },
    async [Symbol.asyncDispose]() {
      await history.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
