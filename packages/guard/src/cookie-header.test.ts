import { once } from 'node:events'
import { connect } from 'node:net'
import { serve } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cookieHeaderOf } from './cookie-header.js'

const test = suite('guard: the cookie header of a request')

for (const [what, headers] of [
  ['no header', []],
  ['one header', ['Cookie: curfew=a; other=b']],
  ['a header in small letters', ['accept: */*', 'cookie: curfew=a']],
  ['a header that is as long', ['Accept: */*', 'X-Cook: curfew=b', 'COOKIE: curfew=a']],
  ['several headers', ['Cookie: other=b', 'Accept: */*', 'Cookie: curfew=a']],
  ['an empty header', ['Cookie:']],
] as const) {
  test(`${what}: what Node says that it is`, async () => {
    const { found, node } = await asked(headers)

    assert.is(found, node)
  })
}

test.run()

/** What we and Node find in a request that comes over a real connection. */
async function asked(headers: readonly string[]) {
  const seen: Array<{ found: string | undefined; node: string | undefined }> = []
  await using server = await serve((req, res) => {
    seen.push({ found: cookieHeaderOf(req), node: req.headers.cookie })
    res.end()
  })
  const socket = connect(server.port, 'localhost')
  socket.write(['GET / HTTP/1.1', 'Host: localhost', 'Connection: close', ...headers, '', ''].join('\r\n'))
  socket.resume()
  await once(socket, 'close')
  const [first] = seen
  if (first === undefined) throw new Error('nothing was asked')
  return first
}
