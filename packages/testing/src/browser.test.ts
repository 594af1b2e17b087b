import type { IncomingMessage, ServerResponse } from 'node:http'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createBrowser } from './browser.js'
import { eventually } from './eventually.js'
import { serve } from './serve.js'

const test = suite('testing: browser')

test('follows redirects across origins, and keeps cookies by host', async () => {
  await using other = await serve(echo)
  await using site = await serve((request, response) => {
    if (request.url !== '/start') return echo(request, response)
    return redirect(response, `${foreign(other.url)}/there`, 'curfew=1; HttpOnly; SameSite=Lax; Path=/')
  })
  await using browser = createBrowser(site.url)

  const page = await browser.get('/start')
  const neighbour = await browser.get(`${other.url}/neighbour`)

  assert.equal(
    page.visited.map(({ pathname }) => pathname),
    ['/start', '/there'],
  )
  assert.is(seen(page.text)['cookie'], undefined)
  assert.is(seen(neighbour.text)['cookie'], 'curfew=1', 'another port of the same host')
})

test('can stop before a redirect', async () => {
  await using site = await serve((_, response) => redirect(response, '/next?code=1'))
  await using browser = createBrowser(site.url)

  const page = await browser.get('/', { follow: (next) => next.pathname !== '/next' })

  assert.is(page.status, 302)
  assert.is(page.location?.search, '?code=1')
})

test('says what a browser says when an address is typed, a form is sent, and a page fetches', async () => {
  await using site = await serve(echo)
  await using browser = createBrowser(site.url)

  const typed = seen((await browser.get('/')).text)
  const posted = seen((await browser.post('/', { name: 'Engine' })).text)
  const fetched = await browser.fetchApi('/', { method: 'POST', json: {} })
  const attack = await browser.fetchApi('/', { method: 'POST', from: 'http://mallory.test' })

  const facts = [typed, posted, seen(fetched.text), seen(attack.text)].map((headers) => [
    headers['sec-fetch-site'],
    headers['sec-fetch-mode'],
    headers['origin'],
  ])
  assert.equal(facts, [
    ['none', 'navigate', undefined],
    ['same-origin', 'navigate', site.url],
    ['same-origin', 'cors', site.url],
    ['cross-site', 'cors', 'http://mallory.test'],
  ])
})

test('honours SameSite', async () => {
  await using site = await serve(echo)
  await using browser = createBrowser(site.url)
  await browser.setCookie('strict=1; SameSite=Strict')
  await browser.setCookie('lax=1; SameSite=Lax')

  const mine = await browser.fetchApi('/')
  await browser.get(foreign(site.url))
  const linked = await browser.click(site.url)
  const forged = await browser.fetchApi('/', { method: 'POST', from: 'http://mallory.test' })

  assert.is(seen(mine.text)['cookie'], 'strict=1; lax=1')
  assert.is(seen(linked.text)['cookie'], 'lax=1')
  assert.is(seen(forged.text)['cookie'], undefined)
})

test('fills in and sends the forms of a page', async () => {
  await using site = await serve((request, response) => {
    if (request.method === 'POST') return echo(request, response)
    response.setHeader('Content-Type', 'text/html')
    return response.end(`<form action="/search"><input name="words"></form>
      <form method="post" action="/sign-in?a=1&amp;b=2">
        <input type="hidden" name="token" value="&quot;x&quot;"><input name="user"><button>Go</button>
      </form>`)
  })
  await using browser = createBrowser(site.url)
  await browser.get('/')

  const answer = await browser.submitForm({ user: 'ada' })

  assert.is(answer.url.search, '?a=1&b=2')
  assert.is(seen(answer.text)['body'], 'token=%22x%22&user=ada')
})

test('reads an event stream until the server ends it', async () => {
  await using site = await serve((request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write(
      `: hello\n\nid: 7\nevent: first\ndata: after ${request.headers['last-event-id']}\ndata: two\n\n`,
    )
    response.end('data: {"last":true}\r\n\r\n')
  })
  await using browser = createBrowser(site.url)

  await using stream = await browser.stream('/', { lastEventId: '6' })
  const events = []
  for await (const event of stream) events.push(event)

  assert.equal(events, [
    { id: '7', event: 'first', data: 'after 6\ntwo' },
    { id: '7', event: 'message', data: '{"last":true}' },
  ])
  assert.is(stream.ended, true)
})

test('closing a stream is heard by the server, and one that the server breaks off has ended', async () => {
  const gone: string[] = []
  await using site = await serve((request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    if (request.url === '/broken') return response.write('data: here\n\n', () => response.destroy())
    response.once('close', () => gone.push('closed'))
    return response.write('data: here\n\n')
  })
  await using browser = createBrowser(site.url)
  const stream = await browser.stream('/open')
  await stream.find(({ data }) => data === 'here')

  await stream[Symbol.asyncDispose]()
  await using broken = await browser.stream('/broken')
  for await (const _ of broken);

  await eventually(() => gone.length === 1)
  assert.is(broken.ended, true)
})

test.run()

/** Answers with the headers of the request, and its body among them. */
async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = ''
  for await (const chunk of request) body += chunk
  response.setHeader('Content-Type', 'application/json')
  response.end(JSON.stringify({ ...request.headers, body }))
}

function seen(text: string): Record<string, string | undefined> {
  return JSON.parse(text)
}

function redirect(response: ServerResponse, location: string, cookie?: string): void {
  if (cookie !== undefined) response.setHeader('Set-Cookie', cookie)
  response.writeHead(302, { Location: location }).end()
}

/** The same server as another site. */
function foreign(url: string): string {
  return url.replace('localhost', '127.0.0.1')
}
