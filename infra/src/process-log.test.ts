import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lastMeaningfulLine } from './process-log.js'

const test = suite('infra: last words of a process')

test('of an error that nobody caught, its message', () => {
  const output = `file:///a/main.js:3
throw new TypeError('no way')
      ^

TypeError: no way
    at file:///a/main.js:3:7
    at node:internal/main {
  code: 'X'
}

Node.js v20.20.2
`

  assert.is(lastMeaningfulLine(output), 'TypeError: no way')
})

test('of a log, the message of its last line', () => {
  const output = `{"event":"service.listening"}\n{"level":"error","event":"service.failed","error":{"message":"no Redis"}}\n`

  assert.is(lastMeaningfulLine(output), 'no Redis')
})

test('of a sentence on standard error after the log, the sentence', () => {
  assert.is(
    lastMeaningfulLine('{"event":"a"}\nidentity: PORT must be a port\n'),
    'identity: PORT must be a port',
  )
})

test('of a log line without a message, its event', () => {
  assert.is(lastMeaningfulLine('{"event":"service.stopped"}\n'), 'service.stopped')
})

test('of one that said nothing, nothing', () => {
  assert.is(lastMeaningfulLine('\n\n'), '')
})

test('of what only looks like JSON, the line', () => {
  assert.is(lastMeaningfulLine('{ oh\n'), '{ oh')
})

test.run()
