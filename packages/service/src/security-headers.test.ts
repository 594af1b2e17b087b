import { serve } from '@curfew/testing'
import Koa from 'koa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { securityHeaders } from './security-headers.js'

const test = suite('service: security headers')

test('nothing inline, nothing foreign, nobody frames us', async () => {
  const headers = await headersFor('https://curfew.example')

  assert.is(
    headers.get('content-security-policy'),
    "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data: https:;connect-src 'self';" +
      "font-src 'self';form-action 'self' https://curfew.example;base-uri 'none';" +
      "frame-ancestors 'none'",
  )
  assert.is(headers.get('referrer-policy'), 'same-origin')
  assert.is(headers.get('x-content-type-options'), 'nosniff')
  assert.is(headers.get('cross-origin-opener-policy'), 'same-origin')
  assert.is(headers.get('cross-origin-resource-policy'), 'same-origin')
  assert.match(headers.get('permissions-policy') ?? '', 'camera=()')
  assert.is(headers.get('x-powered-by'), null)
})

test('https is insisted on only where there is https', async () => {
  assert.is((await headersFor('https://curfew.example')).get('strict-transport-security'), 'max-age=31536000')
  assert.is((await headersFor('http://localhost:4000')).get('strict-transport-security'), null)
})

async function headersFor(publicUrl: string): Promise<Headers> {
  const app = new Koa().use(securityHeaders(new URL(publicUrl)))
  await using server = await serve(app.callback())
  return (await fetch(server.url)).headers
}

test.run()
