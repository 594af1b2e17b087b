import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { html, renderHtml } from './html.js'
import { type PageOptions, page } from './page.js'

const test = suite('service: page')

test('a page for nobody in particular offers to sign in, and watches no session', () => {
  const markup = render({})

  assert.match(markup, '<title>Home &lt;1&gt; · Curfew</title>')
  assert.match(markup, 'href="https://curfew.example/auth/login"')
  assert.match(markup, '<main id="content" tabindex="-1">\n<p>Body</p>')
  assert.not.match(markup, '<script')
  assert.not.match(markup, '/console')
})

test('a page of somebody says who, offers three ways out, and watches the session', () => {
  const markup = render({ user: { id: 'u"1', name: 'Edda <b> Editor', roles: ['editor'] } })

  assert.match(markup, 'data-user="u&quot;1"')
  assert.match(markup, 'Edda &lt;b&gt; Editor')
  assert.match(markup, '>EE<')
  assert.match(markup, '<a href="https://curfew.example/account">Your account')
  assert.match(markup, '<form method="post" action="https://curfew.example/auth/logout">')
  for (const scope of ['session', 'others', 'user']) assert.match(markup, `name="scope" value="${scope}"`)
  assert.match(markup, '<script type="module" src="/x/assets/session-watch.js"></script>')
  assert.not.match(markup, '/console')
})

test('the console is in the navigation for admins alone, the current place is marked', () => {
  const markup = render({
    user: { name: 'Ada', roles: ['admin'] },
    active: '/console',
    scripts: ['console.js'],
  })

  assert.match(markup, 'href="https://curfew.example/console" aria-current="page"')
  assert.match(markup, 'src="/x/assets/console.js"')
})

test('there is no inline code and no inline style', () => {
  const markup = render({ user: { name: 'Ada', roles: ['admin'] } })

  assert.not.match(markup, /\son\w+=|\sstyle=|javascript:|<script(?![^>]* src=)|<style/i)
})

function render(options: Partial<PageOptions>): string {
  const publicUrl = new URL('https://curfew.example')
  return renderHtml(
    page({ title: 'Home <1>', body: html`<p>Body</p>`, assets: '/x/assets', publicUrl, ...options }),
  )
}

test.run()
