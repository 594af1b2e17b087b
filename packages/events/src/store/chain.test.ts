import { execFileSync } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { breakBetween, CHAIN_START, type Link, linkAfter } from './chain.js'

const test = suite('events: the chain')

const FIRST = { streamId: '1803902400000-0', json: '{"id":"1","näme":"😀"}' }

function chainOf(count: number): Link[] {
  const links: Link[] = []
  for (let n = 1; n <= count; n++) {
    const entry = { streamId: `${n}-0`, json: `{"n":${n}}` }
    links.push({ ...entry, ...linkAfter(links.at(-1) ?? CHAIN_START, entry) })
  }
  return links
}

test('a hash can be computed in a shell, as the documentation says', () => {
  const { position, hash } = linkAfter(CHAIN_START, FIRST)
  const script = `printf '%s\\n%s\\n%s\\n%s' "$1" "$2" "$3" "$4" | sha256sum`
  const args = ['-c', script, 'sh', CHAIN_START.hash, '1', FIRST.streamId, FIRST.json]

  assert.is(position, 1)
  assert.is(execFileSync('sh', args).toString().slice(0, 64), hash)
})

test('the bytes don’t change from version to version', () => {
  assert.equal(linkAfter(CHAIN_START, FIRST), {
    position: 1,
    hash: 'd8522dbdcfb688df9a90a136ed59e619e552927c3e9f9fe05b810d1777ac1cb4',
  })
})

test('a whole chain has no break', () => {
  const links = chainOf(5)

  assert.equal(
    links.map((link, index) => breakBetween(links[index - 1] ?? CHAIN_START, link)),
    links.map(() => null),
  )
})

test('says where it breaks, and why', () => {
  const [first, second, third] = chainOf(3)
  assert.ok(first && second && third)

  assert.equal(breakBetween(first, third), { position: 2, why: 'gap' })
  assert.equal(breakBetween(second, second), { position: 2, why: 'order' })
  assert.equal(breakBetween(first, { ...second, json: '{"n": 2}' }), { position: 2, why: 'hash' })
  assert.equal(breakBetween(first, { ...second, streamId: '2-1' }), { position: 2, why: 'hash' })
  assert.equal(breakBetween({ ...first, hash: third.hash }, second), { position: 2, why: 'hash' })
})

test.run()
