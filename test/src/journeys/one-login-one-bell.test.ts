import { eventually } from '@curfew/testing'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium, screenshot } from '../chromium.js'
import { startTestSystem } from '../system.js'
import { openBySigningIn, signInAtProvider, statusOf } from './sign-in.js'

const test = suite('journeys: one login, one bell')

/** What a browser's console says of an answer that we mean to be an error. */
const REFUSED = /status of 40[13]/

test('one login opens every service, for two browsers side by side, and each sign-out reaches all', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium({ tolerate: [REFUSED], isWhole: true })
  const url = (path: string) => new URL(path, system.url).href
  const ports = system.processes.filter(({ name }) => name.startsWith('projects-')).map(({ port }) => port)

  const laptop = await chromium.openPage()
  await laptop.goto(system.url)
  await screenshot(laptop, '01-landing')

  // A deep link leads through the provider and back to itself.
  await laptop.goto(url('/projects?owner=me'))
  await laptop.waitForSelector('#username')
  await screenshot(laptop, '02-provider')
  await signInAtProvider(laptop, 'editor')
  await laptop.waitForURL(url('/projects?owner=me'))
  await laptop.fill('#new-project', 'Analytical Engine')
  await laptop.click('.create-project button')
  await laptop.waitForSelector('.projects input[name=name] >> visible=true')
  await screenshot(laptop, '03-projects')

  // Signed in everywhere: on every service, on every instance, without another login.
  assert.is(await statusOf(laptop, '/auth/session'), 200)
  assert.is(await statusOf(laptop, '/events'), 403, 'known, and not an admin')
  for (const port of ports) {
    const page = await laptop.context().newPage()
    assert.is((await page.goto(`http://localhost:${port}/projects`))?.status(), 200)
    await page.close()
  }

  // A second browser, and a third, as the same user.
  const phone = await (await chromium.openProfile()).newPage()
  const tablet = await (await chromium.openProfile()).newPage()
  for (const page of [phone, tablet]) await openBySigningIn(page, url('/projects'), 'editor')
  await laptop.goto(url('/account'))
  await laptop.waitForSelector('text=Where you are signed in')
  await screenshot(laptop, '04-devices')
  await phone.waitForSelector('.projects input[value="Analytical Engine"]')

  // The other sessions: their open pages say so by themselves, this one goes on.
  await laptop.click('main button[value=others]')
  await Promise.all([phone, tablet].map(signedOutNotice))
  await screenshot(phone, '05-signed-out-notice')
  await laptop.waitForSelector('text=Your other sessions are over')
  await laptop.waitForSelector('.receipt:has-text("Confirmed by 4 of 4 instances")')
  await screenshot(laptop, '06-receipt')
  await refusedEverywhere(phone, ports)
  assert.is(await statusOf(laptop, '/projects'), 200)

  // Everywhere: this one too.
  await phone.goto(url('/projects'))
  if (phone.url() !== url('/projects')) await signInAtProvider(phone, 'editor')
  await phone.waitForURL(url('/projects'))
  await laptop.goto(url('/account'))
  const heard = signedOutNotice(phone)
  await laptop.click('main button[value=user]')
  await heard
  await laptop.waitForURL(
    (address) => address.origin === new URL(system.url).origin && address.pathname === '/',
  )
  await laptop.waitForSelector('text=One login opens every service')
  await saysConfirmed(laptop)
  await screenshot(laptop, '07-signed-out')
  await refusedEverywhere(laptop, ports)
  await refusedEverywhere(phone, ports)
})

test('signing out here leaves the other browsers alone', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium({ tolerate: [REFUSED], isWhole: true })
  const url = (path: string) => new URL(path, system.url).href
  const here = await chromium.openPage()
  const there = await (await chromium.openProfile()).newPage()
  for (const page of [here, there]) await openBySigningIn(page, url('/projects'), 'viewer')

  await here.click('.account-button')
  await here.click('#account-menu button[value=session]')
  await here.waitForURL((address) => address.pathname === '/')

  assert.is(await statusOf(here, '/projects'), 401)
  assert.is(await statusOf(there, '/projects'), 200)
})

test('ten tabs of one browser share one stream, load pages, and all say when it is over', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium({ tolerate: [REFUSED], isWhole: true })
  const url = (path: string) => new URL(path, system.url).href
  const first = await chromium.openPage()
  await openBySigningIn(first, url('/projects'), 'editor')

  const tabs = [first]
  while (tabs.length < 10) {
    const tab = await chromium.openPage()
    await tab.goto(url('/projects'))
    tabs.push(tab)
  }
  const elsewhere = await (await chromium.openProfile()).newPage()
  await openBySigningIn(elsewhere, url('/projects'), 'editor')
  await elsewhere.goto(url('/account'))
  await elsewhere.click('main button[value=others]')

  await Promise.all(tabs.map(signedOutNotice))
})

test('ten logins that began in ten tabs each land where they wanted', async () => {
  await using system = await startTestSystem()
  // A tab whose session a later login replaced asks until the new cookie is there.
  await using chromium = await openChromium({ tolerate: [REFUSED], isWhole: true })
  const tabs = await Promise.all(Array.from({ length: 10 }, () => chromium.openPage()))
  const wanted = tabs.map((_, i) => new URL(`/projects?owner=me&tab=${i}`, system.url).href)
  await Promise.all(tabs.map((tab, i) => tab.goto(wanted[i] ?? '')))

  for (const [i, tab] of tabs.entries()) {
    await signInAtProvider(tab, 'editor')
    await tab.waitForURL(wanted[i] ?? '')
  }
  for (const tab of tabs) {
    await tab.waitForSelector('h1 >> visible=true')
    assert.is(await tab.locator('.session-notice').count(), 0)
  }
})

async function signedOutNotice(page: Page): Promise<void> {
  await page.waitForSelector('text=You have been signed out')
}

/** The first page says how it stood when it was asked for. */
async function saysConfirmed(page: Page): Promise<void> {
  const line = /You are signed out everywhere\. Confirmed by 4 of 4 instances/
  await eventually(async () => {
    const isConfirmed = line.test((await page.textContent('.signed-off')) ?? '')
    if (!isConfirmed) await page.reload()
    return isConfirmed
  })
}

/** On every service through the one domain, and on both instances of projects directly. */
async function refusedEverywhere(page: Page, ports: readonly number[]): Promise<void> {
  for (const path of ['/auth/session', '/projects', '/events', '/projects', '/projects']) {
    assert.is(await statusOf(page, path), 401, path)
  }
  const cookies = await page.context().cookies()
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  for (const port of ports) {
    const answer = await fetch(`http://localhost:${port}/projects`, {
      headers: { cookie, accept: 'application/json' },
    })
    assert.is(answer.status, 401, `port ${port}`)
  }
}

test.run()
