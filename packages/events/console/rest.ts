import { useEffect, useMemo } from 'preact/hooks'

/** After a failure nothing is asked for a while, unless somebody wants it. */
export interface Rest {
  readonly isOn: boolean
  /** It failed: the rest is longer each time. */
  begin(): void
  /** It worked. */
  end(): void
}

const FIRST_MS = 1_000
const LONGEST_MS = 30_000

/** What happens a hundred times a second must not ask a service that is in trouble as often. */
export function createRest(onOver: () => void): Rest {
  let failures = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  function stop(): void {
    clearTimeout(timer)
    timer = undefined
  }

  return {
    get isOn() {
      return timer !== undefined
    },
    begin() {
      stop()
      const longestMs = Math.min(FIRST_MS * 2 ** failures++, LONGEST_MS)
      // At random, so that not all that are open ask in the same moment.
      timer = setTimeout(
        () => {
          stop()
          onOver()
        },
        longestMs * (0.5 + Math.random() / 2),
      )
    },
    end() {
      stop()
      failures = 0
    },
  }
}

/** For as long as what asks is on the page. */
export function useRest(onOver: () => void): Rest {
  const rest = useMemo(() => createRest(onOver), [])
  useEffect(() => rest.end, [rest])
  return rest
}
