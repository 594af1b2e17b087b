import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenAdmin } from './testing/given-admin.js'

const test = suite('events: the page of the console')

test('a person who opens /events or / is led to the console, which has a strict policy', async () => {
  await using world = await givenAdmin()

  for (const path of ['/', '/events']) assert.is((await world.browser.get(path)).url.pathname, '/console')
  const { page } = world.browser
  assert.is(page?.status, 200)
  assert.match(page?.headers.get('content-security-policy') ?? '', "script-src 'self'")
  assert.not.match(page?.text ?? '', /<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/)
})

test('everything that the console names is served', async () => {
  await using world = await givenAdmin()
  const page = await world.browser.get('/console')

  const queue = [...page.text.matchAll(/(?:src|href)="(\/console\/assets\/[^"]+)"/g)].map(
    ([, path]) => path ?? '',
  )
  assert.ok(queue.length >= 3)
  const seen = new Set<string>()
  for (const path of queue) {
    if (seen.has(path)) continue
    seen.add(path)
    const answer = await world.browser.fetchApi(path)
    assert.is(answer.status, 200, path)
    for (const [, module] of answer.text.matchAll(/\bfrom ['"](\.\/[^'"]+)['"]/g)) {
      queue.push(new URL(module ?? '', `http://x${path}`).pathname)
    }
  }
})

test.run()
