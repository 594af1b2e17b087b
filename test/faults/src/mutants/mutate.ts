import type { InitializeHook, LoadHook } from 'node:module'
import type { Mutant } from './mutant.js'

/** Hooks of Node's module loader: put a mutant in the place of what is loaded. */

let mutant: Mutant | undefined

export const initialize: InitializeHook<Mutant> = (wanted) => {
  mutant = wanted
}

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context)
  if (mutant === undefined || !url.endsWith(`/packages/${mutant.file}`)) return loaded
  return { ...loaded, source: mutated(textOf(loaded.source), mutant) }
}

/** @throws {TypeError} when what a mutant replaces is not there once, and no more */
export function mutated(source: string, { name, find, replace, file }: Mutant): string {
  const parts = source.split(find)
  if (parts.length !== 2) {
    throw new TypeError(`mutant "${name}": its snippet is ${parts.length - 1} times in ${file}`)
  }
  return parts.join(replace)
}

function textOf(source: Awaited<ReturnType<LoadHook>>['source']): string {
  if (typeof source === 'string') return source
  if (source instanceof ArrayBuffer) return Buffer.from(source).toString()
  if (source === undefined || source === null) throw new TypeError('a module without a source')
  return Buffer.from(source.buffer, source.byteOffset, source.byteLength).toString()
}
