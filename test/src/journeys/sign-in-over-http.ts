import { DEMO_PASSWORD } from '@curfew/infra'
import type { Browser, Visit } from '@curfew/testing'

/**
 * Signs in as a browser without scripts does: the provider's form, and back.
 *
 * @returns the address of the callback, which is not opened with `stopBeforeCallback`
 */
export async function signInOverHttp(
  browser: Browser,
  username: string,
  {
    stopBeforeCallback = false,
    headers = {},
  }: { stopBeforeCallback?: boolean } & Pick<Visit, 'headers'> = {},
): Promise<string> {
  let callback = ''
  const follow = (next: URL) => {
    if (!next.pathname.startsWith('/auth/callback/')) return true
    callback = next.href
    return !stopBeforeCallback
  }
  const page = await browser.get('/auth/login?return_to=/', { headers, follow })
  // The provider may still know who this is.
  if (callback === '' && page.url.pathname.startsWith('/interaction/')) {
    await browser.submitForm({ username, password: DEMO_PASSWORD }, { headers, follow })
  }
  return callback
}
