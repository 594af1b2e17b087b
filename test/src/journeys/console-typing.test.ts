import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { newest, openLog } from './console-log.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: typing in the console')

// found 2026-11-27: a letter that was typed while the log was asked for those before it was gone.
test('what is typed while the log is asked stays in the field, and is looked for too', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  await log.write('zebras')
  await log.write('zebra')
  const page = await chromium.openPage()
  await openSignedIn(page, system.console, 'admin')
  await newest(page, 'Ada Admin signed in')

  // In the moment in which the address has the first letters, and nothing has been drawn yet.
  await page.evaluate(`
    const replace = history.replaceState
    history.replaceState = function (...given) {
      replace.apply(history, given)
      history.replaceState = replace
      const field = document.querySelector('#log-text')
      field.value += 's'
      field.dispatchEvent(new InputEvent('input', { bubbles: true }))
    }
  `)
  await page.fill('#log-text', 'zebra')

  await page.waitForURL(`${system.console}?text=zebras`)
  await newest(page, 'zebras')
  assert.is(await page.inputValue('#log-text'), 'zebras')
  await page.goto(`${system.console}?text=zebra`)
  await eventually(async () => (await page.inputValue('#log-text')) === 'zebra', { within: 30_000 })
  await page.click('#users-tab')
  await page.goBack()
  await page.waitForSelector('#log-text')
  await eventually(async () => (await page.inputValue('#log-text')) === 'zebra', { within: 30_000 })
})

test.run()
