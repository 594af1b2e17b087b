import type { SessionRecord } from '@curfew/contract'
import { renderHtml } from '@curfew/service'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenRecord } from '../testing/given-record.js'
import { accountBody } from './account-page.js'

const test = suite('identity: account page')

const NOW = Date.UTC(2027, 0, 12, 18, 30)
const HERE = givenRecord({ ref: 'ref-here', createdAt: NOW - 3_600_000, expiresAt: NOW + 39_600_000 })

test('names and user agents are escaped, in text and in attributes', () => {
  const mallory = { ...HERE.user, name: `Mallory <script>"'` }
  const device = { userAgent: '<img src=x onerror=alert(1)>', ip: '"><b>' }
  const session = { ...HERE, user: mallory }

  const markup = render(session, [session, { ...session, ref: '"><i>', device }])

  assert.match(markup, 'Mallory &lt;script&gt;&quot;&#39;')
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

test('it says who one is here, and when the session ends by itself', () => {
  const markup = render({ ...HERE, user: { ...HERE.user, email: null, roles: [] } }, [HERE])

  assert.match(markup, 'not known here')
  assert.match(markup, '<dt>Roles</dt><dd>none</dd>')
  assert.match(markup, '<dt>Signed in with</dt><dd>Town hall</dd>')
  assert.match(
    markup,
    /<dt>This session ends<\/dt><dd><time[^>]*>in 11 hours<\/time>, or after 30 minutes without use/,
  )
})

test('what happened is filled in by a script, and who has none is told so', () => {
  const markup = render(HERE, [HERE])

  assert.match(markup, '<ol id="history-list"')
  assert.match(markup, /<noscript><p[^>]*>This list needs JavaScript/)
  assert.match(markup, 'role="status"')
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
  return renderHtml(accountBody({ session, listed, providerLabels: { dev: 'Town hall' }, now: NOW }))
}

test.run()
