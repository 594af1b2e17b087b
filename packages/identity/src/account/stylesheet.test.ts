import { readFileSync } from 'node:fs'
import { type Html, renderHtml } from '@curfew/service'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chooser } from '../login/chooser-page.js'
import { givenReceipt } from '../testing/given-receipt.js'
import { givenRecord } from '../testing/given-record.js'
import { accountBody } from './account-page.js'
import type { Farewell } from './farewells.js'
import { invitation } from './invitation.js'
import { signedOffLine } from './signed-off-line.js'
import { farewellBody } from './signed-off-page.js'
import { welcome } from './welcome.js'

const test = suite('identity: stylesheet')

const CSS = ['../../assets/identity.css', '../../../service/assets/curfew.css'].map((path) =>
  readFileSync(new URL(path, import.meta.url), 'utf8'),
)

const record = givenRecord()
const FAREWELL: Farewell = { scope: 'user', receipt: givenReceipt(), continueTo: null }
const PAGES: Readonly<Record<string, Html>> = {
  invitation: invitation(null),
  invitationAgain: invitation(signedOffLine('A'.repeat(43), FAREWELL)),
  welcome: welcome({ session: record, others: 1 }),
  account: accountBody({
    session: record,
    listed: [{ record, lastSeenAt: 0 }],
    providerLabels: { dev: 'Town hall' },
    now: 0,
  }),
  signedOff: farewellBody(FAREWELL, false),
  chooser: chooser([{ label: 'GitHub', path: '/' }]),
}

// Found by eye: the first pages used classes that no stylesheet had.
test('every class of a page is in a stylesheet', () => {
  const styled = new Set(CSS.flatMap((css) => [...css.matchAll(/\.([a-z][\w-]*)/g)].map(([, name]) => name)))
  for (const [page, body] of Object.entries(PAGES)) {
    const used = [...renderHtml(body).matchAll(/ class="([^"]*)"/g)].flatMap(([, names]) => names?.split(' '))
    assert.ok(used.length > 5, page)
    assert.equal(
      used.filter((name) => !styled.has(name)),
      [],
      page,
    )
  }
})

test('what a page refers to by id is on it, once', () => {
  for (const [page, body] of Object.entries(PAGES)) {
    const markup = renderHtml(body)
    const ids = [...markup.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)
    const wanted = [...markup.matchAll(/ aria-(?:labelledby|describedby)="([^"]*)"/g)].map(([, id]) => id)
    assert.is(new Set(ids).size, ids.length, page)
    assert.equal(
      wanted.filter((id) => !ids.includes(id)),
      [],
      page,
    )
  }
})

test('there is one first heading, and no inline style or script', () => {
  for (const [page, body] of Object.entries(PAGES)) {
    const markup = renderHtml(body)
    assert.is(markup.split('<h1').length, 2, page)
    assert.not.match(markup, /\son\w+=|\sstyle=|javascript:|<script|<style/i)
  }
})

test.run()
