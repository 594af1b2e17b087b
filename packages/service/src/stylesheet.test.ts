import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openTabs } from './testing/chromium.js'

const test = suite('service: stylesheet')

const CSS = readFileSync(new URL('../assets/curfew.css', import.meta.url), 'utf8')

// Found by eye: in a list of cards the caption stood in a column of one word each.
test('on a phone a table becomes a list of cards, under a caption as wide as they are', async () => {
  await using tabs = await openTabs()
  const page = await tabs.newPage()
  await page.setViewportSize({ width: 390, height: 800 })
  await page.setContent(`<style>${CSS}</style><main><div class="table-wrap stack"><table>
<caption>Here, and in two other places of yours.</caption>
<thead><tr><th scope="col">Device</th><th scope="col">Address</th></tr></thead>
<tbody><tr><th scope="row">Safari on iOS</th><td data-label="Address"><span>203.0.113.7</span></td></tr></tbody>
</table></div></main>`)

  const [caption, row] = [
    await page.locator('caption').boundingBox(),
    await page.locator('tbody tr').boundingBox(),
  ]

  assert.ok(caption && row)
  assert.is(Math.round(caption.width), Math.round(row.width))
  assert.ok(row.width > 300 && row.width < 390, `${row.width}`)
  assert.ok(caption.height < 50, 'one line')
})

test.run()
