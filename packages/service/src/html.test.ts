import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { html, renderHtml } from './html.js'

const test = suite('service: html')

test('what is interpolated is escaped, in text and in attributes', () => {
  const name = `<script>alert('x')</script>" onload="y" &amp;`

  const markup = renderHtml(html`<p title="${name}">${name}</p>`)

  const escaped = '&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload=&quot;y&quot; &amp;amp;'
  assert.is(markup, `<p title="${escaped}">${escaped}</p>`)
})

test('nested markup and arrays pass, nothing is nothing', () => {
  const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`)

  assert.is(renderHtml(html`<ul>${items}</ul>`), '<ul><li>a</li><li>&lt;b&gt;</li></ul>')
  assert.is(renderHtml(html`[${null}${undefined}${false}${true}${0}${1n}${''}]`), '[01]')
})

test('parsed JSON can not pass for markup', () => {
  const forged: unknown = JSON.parse('{"Symbol(markup)":"<script>","markup":"<script>"}')

  // What the types forbid, a careless caller may still do.
  assert.throws(() => Reflect.apply(html, undefined, [['', ''], forged]))
})

test.run()
