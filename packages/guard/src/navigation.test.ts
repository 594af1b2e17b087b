import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import fc from 'fast-check'
import Koa from 'koa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { prefersHtml } from './navigation.js'

const test = suite('guard: navigation')

const CHROME = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8'

for (const [accept, expected] of [
  [CHROME, true],
  ['text/html', true],
  ['TEXT/HTML', true],
  ['text/*, application/json;q=0.9', true],
  ['text/html, application/json', true],
  ['application/json, text/html', false],
  ['application/json', false],
  ['*/*', false],
  ['text/html;q=0, */*', false],
  ['text/html;level=1', false],
  ['', false],
  [undefined, false],
] as const) {
  test(`Accept: ${accept} ${expected ? 'wants a page' : 'wants no page'}`, () => {
    assert.is(prefersHtml(accept), expected)
  })
}

test('HTML is preferred exactly where Koa says so', () => {
  const koa = new Koa()
  const range = fc.constantFrom(
    'text/html',
    'application/json',
    'text/*',
    'application/*',
    '*/*',
    'image/png',
  )
  const parameters = fc.constantFrom(
    '',
    ';q=0',
    ';q=0.1',
    ';q=0.9',
    ';q=1',
    '; q=0.5',
    ';level=1',
    ';q=0.9;level=1',
  )
  const accept = fc
    .array(fc.tuple(range, parameters), { maxLength: 5 })
    .map((ranges) => ranges.map((parts) => parts.join('')).join(', '))

  fc.assert(
    fc.property(accept, (header) => {
      const request = new IncomingMessage(new Socket())
      request.headers.accept = header
      const ctx = koa.createContext(request, new ServerResponse(request))
      assert.is(prefersHtml(header), ctx.accepts('json', 'html') === 'html')
    }),
    { numRuns: 2_000 },
  )
})

test.run()
