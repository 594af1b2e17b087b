import type { SessionRecord } from '@curfew/contract'
import { renderHtml } from '@curfew/service'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenRecord } from '../testing/given-record.js'
import { welcome } from './welcome.js'

const test = suite('identity: welcome')

const NOW = Date.UTC(2027, 0, 12, 18, 30)
const HERE = givenRecord({ ref: 'ref-here', createdAt: NOW - 3_600_000, expiresAt: NOW + 39_600_000 })

test('names and user agents are escaped, in text and in attributes', () => {
  const mallory = { ...HERE.user, name: `Mallory <script>"'` }
  const device = { userAgent: '<img src=x onerror=alert(1)>', ip: '"><b>' }
  const session = { ...HERE, user: mallory }

  const markup = render(session, [session, { ...session, ref: '"><i>', device }])

  assert.match(markup, 'Hello, Mallory &lt;script&gt;&quot;&#39;')
  assert.match(markup, '&lt;img src=x onerror=alert(1)&gt;')
  assert.not.match(markup, /<script|<img|<b>|<i>/)
})

test('this browser comes first, is marked, and is the only one without a button', () => {
  const markup = render(HERE, [elsewhere('ref-phone'), HERE, elsewhere('ref-tablet')])

  const rows = markup.split('<tr').slice(2)
  assert.is(rows.length, 3)
  assert.match(rows[0] ?? '', 'this browser')
  assert.not.match(rows[0] ?? '', '<form')
  assert.match(rows[1] ?? '', 'action="/auth/sessions/ref-phone/end"')
  assert.match(rows[2] ?? '', 'action="/auth/sessions/ref-tablet/end"')
  assert.match(markup, 'Here, and in 2 other places.')
})

test('a row says device, address and times in words', () => {
  const markup = render(HERE, [HERE, elsewhere('ref-phone')])

  const row = markup.slice(markup.indexOf('Safari on iOS'))
  assert.match(row, 'this computer')
  assert.match(row, '>5 hours ago</time>')
  assert.match(row, '>2 minutes ago</time>')
})

test('each way out says what it does, and one that would do nothing is off', () => {
  const alone = render(HERE, [HERE])
  const along = render(HERE, [HERE, elsewhere('ref-phone')])

  for (const scope of ['session', 'others', 'user'])
    assert.match(along, new RegExp(`value="${scope}"[^>]* aria-describedby="out-${scope}"`))
  assert.not.match(along, ' disabled')
  assert.match(along, 'You stay signed in here.')
  assert.match(alone, /value="others"[^>]* disabled/)
  assert.match(alone, 'There is none right now.')
  assert.match(alone, 'In this browser only.')
})

test('the console is offered to admins alone', () => {
  const admin = { ...HERE, user: { ...HERE.user, roles: ['admin'] } }

  assert.match(render(admin, [admin]), 'href="/console"')
  assert.not.match(render(HERE, [HERE]), '/console')
})

test('it says when the session ends by itself', () => {
  assert.match(
    render(HERE, [HERE]),
    /ends <time[^>]*>in 11 hours<\/time> at the latest, and after 30 minutes/,
  )
})

function elsewhere(ref: string): SessionRecord {
  return givenRecord({
    ref,
    createdAt: NOW - 5 * 3_600_000,
    device: {
      userAgent:
        'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
      ip: '::1',
    },
  })
}

function render(session: SessionRecord, records: readonly SessionRecord[]): string {
  const listed = records.map((record) => ({ record, lastSeenAt: NOW - 120_000 }))
  return renderHtml(welcome({ session, listed, now: NOW }))
}

test.run()
