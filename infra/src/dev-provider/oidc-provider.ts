/**
 * The npm package `oidc-provider`, without what it says about Node 20 while it is loaded.
 *
 * It recommends Node 22 and works on 20, where our tests log in through it; the sentence would stand in
 * front of every start and every test, and ask for nothing that its reader should do.
 */
const warn = console.warn
console.warn = (...words: unknown[]) => {
  if (!String(words[0]).includes('Unsupported runtime')) warn(...words)
}
export const { Provider, errors } = await import('oidc-provider')
console.warn = warn
