import type { Redis } from 'ioredis'
import type { ProjectChange } from './project.js'
import { parseProjectChange } from './store.js'

/** Told of each change; `missed` says that some may have been lost, so that one should look. */
export type ChangeListener = (change: ProjectChange | 'missed') => void

export interface ChangesOptions {
  /** A connection of its own, not connected yet. It is closed with {@link Changes.close}. */
  readonly redis: Redis
  readonly channel: string
  readonly onError: (error: unknown) => void
}

export type Changes = ReturnType<typeof listenToChanges>

/**
 * Hears what any instance does to projects.
 *
 * A message is heard once or never. While the connection is away nothing is heard, and once it is back
 * the listeners are told so.
 */
export function listenToChanges({ redis, channel, onError }: ChangesOptions) {
  const listeners = new Set<ChangeListener>()
  let listening = false

  const tell = (news: ProjectChange | 'missed') => {
    for (const listener of listeners) listener(news)
  }

  redis.on('error', onError)
  redis.on('close', () => {
    listening = false
  })
  // ioredis would subscribe again by itself, but not say when: see `autoResubscribe` in app.ts.
  redis.on('ready', () => {
    redis.subscribe(channel).then(() => {
      listening = true
      tell('missed')
    }, onError)
  })
  redis.on('message', (_channel, message: string) => {
    try {
      tell(parseProjectChange(message))
    } catch (error) {
      onError(error)
      tell('missed')
    }
  })
  redis.connect().catch(onError)

  return {
    /** Returns how to stop. */
    listen(listener: ChangeListener): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: () => redis.disconnect(),
    get listening() {
      return listening
    },
  }
}
