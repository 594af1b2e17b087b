import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogStore } from '../store/log-store.js'
import { openLogStore } from '../store/open-log-store.js'

export interface GivenStore extends AsyncDisposable {
  readonly store: LogStore
  readonly file: string
}

/** An empty log in a file of its own. */
export async function givenStore(): Promise<GivenStore> {
  const folder = await mkdtemp(join(tmpdir(), 'curfew-log-'))
  const file = join(folder, 'log.db')
  const store = await openLogStore(`sqlite:${file}`)
  return {
    store,
    file,
    async [Symbol.asyncDispose]() {
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
}
