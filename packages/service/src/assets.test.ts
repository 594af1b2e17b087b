import { writeFileSync } from 'node:fs'
import { get, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { serve } from '@curfew/testing'
import Koa from 'koa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { serveAssets } from './assets.js'
import { noStore } from './no-store.js'
import { temporaryFolder } from './testing/temporary-folder.js'

const test = suite('service: assets')

test('the stylesheet, the mark and the browser modules have their types', async () => {
  await using server = await serve(app().callback())

  for (const [name, type] of [
    ['curfew.css', 'text/css; charset=utf-8'],
    ['bell.svg', 'image/svg+xml'],
    ['session-watch.js', 'text/javascript; charset=utf-8'],
    ['shared-stream.js', 'text/javascript; charset=utf-8'],
  ]) {
    const answer = await fetch(`${server.url}/x/assets/${name}`)
    assert.is(answer.status, 200, name)
    assert.is(answer.headers.get('content-type'), type)
    assert.is(answer.headers.get('cache-control'), 'no-cache')
    assert.ok((await answer.text()).length > 100)
  }
})

test('a browser that has it already is told so', async () => {
  await using server = await serve(app().callback())
  const { headers } = await getRaw(server.port, '/x/assets/curfew.css')
  const etag = headers.etag ?? ''

  const again = await getRaw(server.port, '/x/assets/curfew.css', { 'If-None-Match': etag })

  assert.is(again.status, 304)
  assert.is(again.headers.etag, etag)
  assert.is(again.text, '')
  assert.is((await getRaw(server.port, '/x/assets/curfew.css', { 'If-None-Match': '"other"' })).status, 200)
})

test('a folder of the service adds to ours and may replace', async () => {
  using temporary = temporaryFolder()
  const folder = temporary.path
  writeFileSync(join(folder, 'own.js'), 'export {}')
  writeFileSync(join(folder, 'bell.svg'), '<svg/>')
  writeFileSync(join(folder, 'notes.txt'), 'private')
  await using server = await serve(app(folder).callback())
  const read = async (name: string) => (await fetch(`${server.url}/x/assets/${name}`)).text()

  assert.is(await read('own.js'), 'export {}')
  assert.is(await read('bell.svg'), '<svg/>')
  assert.is(await read('notes.txt'), 'not ours')
})

test('no request becomes a path', async () => {
  await using server = await serve(app().callback())

  for (const path of [
    '/x/assets/../package.json',
    '/x/assets/..%2fpackage.json',
    '/x/assets/%2e%2e/package.json',
    '/x/assets/....//package.json',
    '/x/assets/__proto__',
    '/x/assets/.tsbuildinfo',
    '/x/assets/session-watch.d.ts',
    '/x/assets/',
    '/x/assets',
    '/x/assetscurfew.css',
  ]) {
    assert.is((await getRaw(server.port, path)).text, 'not ours', path)
  }
})

test('only reading is answered', async () => {
  await using server = await serve(app().callback())
  const url = `${server.url}/x/assets/curfew.css`

  assert.is(await (await fetch(url, { method: 'POST' })).text(), 'not ours')
  const head = await fetch(url, { method: 'HEAD' })
  assert.is(head.status, 200)
  assert.ok(Number(head.headers.get('content-length')) > 100)
})

function app(...folders: string[]): Koa {
  return new Koa()
    .use(noStore())
    .use(serveAssets('/x/assets', ...folders))
    .use((ctx) => {
      ctx.body = 'not ours'
    })
}

interface RawAnswer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** Unlike fetch, it neither resolves dots away nor adds `Cache-Control: no-cache` to a conditional request. */
function getRaw(port: number, path: string, headers: OutgoingHttpHeaders = {}): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    get({ port, path, headers }, async (answer) => {
      let text = ''
      for await (const chunk of answer.setEncoding('utf8')) text += chunk
      resolve({ status: answer.statusCode, headers: answer.headers, text })
    }).on('error', reject)
  })
}

test.run()
