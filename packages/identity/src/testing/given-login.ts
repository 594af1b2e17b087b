import type { Browser, Page } from '@curfew/testing'
import * as assert from 'uvu/assert'
import { type GivenApp, givenApp } from './given-app.js'
import { CLIENT_SECRET, type ScriptedProvider, startScriptedProvider } from './scripted-provider.js'

/** An identity with a provider that answers what a test wants. */
export async function givenLogin(env: Readonly<Record<string, string>> = {}, redisUrl?: string) {
  const provider = await startScriptedProvider()
  const app = await givenApp({
    env: { ...providerEnv('DEV', provider), ...env },
    ...(redisUrl === undefined ? {} : { redisUrl }),
  })
  return {
    app,
    provider,
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}

export function providerEnv(name: string, { issuer }: ScriptedProvider): Record<string, string> {
  const fields = {
    ISSUER: issuer,
    CLIENT_ID: 'curfew',
    CLIENT_SECRET,
    AUTHORIZATION_URL: '',
    TOKEN_URL: '',
    USERINFO_URL: '',
  }
  const variables = Object.entries(fields).map(([field, value]) => [
    `CURFEW_PROVIDER_${name}_${field}`,
    value,
  ])
  return Object.fromEntries(variables)
}

/** Stops where the provider sends the browser back to us. */
export const beforeCallback = { follow: (next: URL) => !next.pathname.startsWith('/auth/callback') }

/** Begins a login, and answers the address with which the provider would send the browser back. */
export async function callbackOf(browser: Browser, returnTo = '/auth/session'): Promise<URL> {
  const page = await browser.get(`/auth/login?return_to=${encodeURIComponent(returnTo)}`, beforeCallback)
  if (page.location === null)
    throw new Error(`the provider did not send us back: ${page.status} ${page.text}`)
  return page.location
}

/** Begins a login, and comes back from the provider with what it says instead of a code. */
export async function comeBackWith(
  browser: Browser,
  answer: Readonly<Record<string, string>>,
  returnTo?: string,
): Promise<Page> {
  const callback = await callbackOf(browser, returnTo)
  callback.searchParams.delete('code')
  for (const [name, value] of Object.entries(answer)) callback.searchParams.set(name, value)
  return browser.get(callback.href)
}

export function failedAs(page: Page, status: number, title: RegExp): void {
  assert.is(page.status, status, page.text)
  assert.match(page.text, title)
  assert.match(page.text, /href="\/auth\/login\/dev\?return_to=%2F[^"]*">Sign in again</)
  assert.is(page.headers.get('cache-control'), 'no-store')
  assert.is(page.headers.get('referrer-policy'), 'same-origin')
  for (const name of ['state', 'code']) {
    const value = page.url.searchParams.get(name)
    if (value) assert.not.ok(page.text.includes(value), `the page shows the ${name}`)
  }
}

export async function failuresOf(app: GivenApp): Promise<unknown[]> {
  const events = await app.events()
  return events.filter(({ type }) => type === 'login.failed').map(({ data }) => data.reason)
}
