import type { Project } from './project.js'

export interface ProjectCacheOptions {
  readonly load: (owner: string) => Promise<readonly Project[]>
  /**
   * How long a list is served from memory, in milliseconds: the longest that a lost message can hide a
   * change.
   *
   * @default 5_000
   */
  readonly maxAgeMs?: number
  /** Lists kept at most; the one that was read from Redis longest ago makes room. @default 10_000 */
  readonly maxLists?: number
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

/**
 * Users' lists in memory. Dropped when their owner signs off and when a project of theirs changes, here
 * or in another instance.
 *
 * What is kept is the promise: callers at the same time share one read, and a list that was dropped
 * while it was being read is used by those who wait for it, and not kept.
 */
export function createProjectCache({
  load,
  maxAgeMs = 5_000,
  maxLists = 10_000,
  now = () => performance.now(),
}: ProjectCacheOptions) {
  const lists = new Map<string, { readonly list: Promise<readonly Project[]>; readonly readAt: number }>()

  function get(owner: string): Promise<readonly Project[]> {
    const kept = lists.get(owner)
    if (kept !== undefined && now() - kept.readAt < maxAgeMs) return kept.list

    const entry = { list: load(owner), readAt: now() }
    lists.delete(owner)
    lists.set(owner, entry)
    // Whoever waits for it is told of the failure; the next one tries again.
    entry.list.catch(() => lists.get(owner) === entry && lists.delete(owner))
    makeRoom()
    return entry.list
  }

  function makeRoom(): void {
    for (const owner of lists.keys()) {
      if (lists.size <= maxLists) return
      lists.delete(owner)
    }
  }

  return {
    get,
    drop: (owner: string) => void lists.delete(owner),
    clear: () => lists.clear(),
    get size() {
      return lists.size
    },
  }
}
