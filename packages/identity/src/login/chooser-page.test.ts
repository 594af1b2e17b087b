import { renderHtml } from '@curfew/service'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chooser } from './chooser-page.js'

const test = suite('identity: chooser')

test('every provider is a link, by its label, escaped', () => {
  const markup = renderHtml(
    chooser([
      { label: 'GitHub', path: '/auth/login/github?return_to=%2Fprojects' },
      { label: 'A <b> & C', path: '/auth/login/abc?return_to=%2F&x="' },
    ]),
  )

  assert.match(markup, 'href="/auth/login/github?return_to=%2Fprojects">Continue with GitHub</a>')
  assert.match(markup, 'Continue with A &lt;b&gt; &amp; C')
  assert.match(markup, 'href="/auth/login/abc?return_to=%2F&amp;x=&quot;"')
})

test.run()
