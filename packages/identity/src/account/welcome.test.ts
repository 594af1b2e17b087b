import type { SessionRecord } from '@curfew/contract'
import { renderHtml } from '@curfew/service'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenRecord } from '../testing/given-record.js'
import { welcome } from './welcome.js'

const test = suite('identity: welcome')

const HERE = givenRecord({ ref: 'ref-here' })

test('the name is escaped', () => {
  assert.match(
    render({ ...HERE, user: { ...HERE.user, name: `Mallory <b>"'` } }),
    'Hello, Mallory &lt;b&gt;&quot;&#39;',
  )
})

test('it says in how many places one is signed in, and leads to them', () => {
  assert.match(render(HERE, 0), 'In this browser only. <a href="/account">See your devices</a>')
  assert.match(render(HERE, 1), 'Here, and in one other place.')
  assert.match(render(HERE, 2), 'Here, and in 2 other places.')
})

test('the console is offered to admins alone', () => {
  const admin = { ...HERE, user: { ...HERE.user, roles: ['admin'] } }

  assert.match(render(admin), 'href="/console"')
  assert.not.match(render(HERE), '/console')
})

test.run()

function render(session: SessionRecord, others = 0): string {
  return renderHtml(welcome({ session, others }))
}
