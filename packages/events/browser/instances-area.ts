import { element, part } from './element.js'
import { createInstanceRow, type InstanceRow } from './instance-row.js'
import { type ConsoleInstances, listInstances } from './instances-api.js'

export interface InstancesArea {
  /** Asks again and again while it is shown. */
  show(): void
  hide(): void
}

/** Leases are renewed a little less often than that. */
const ASK_AGAIN_MS = 1_000

/** Every instance that may answer from memory, with its lease and how far it has come: live. */
export function createInstancesArea(): InstancesArea {
  const state = part('instances-state', HTMLElement)
  const summary = part('instances-summary', HTMLElement)
  const wrap = part('instances-wrap', HTMLElement)
  const list = part('instances-list', HTMLElement)
  /** Kept from one answer to the next, so that what one marks with the mouse stays marked. */
  const rows = new Map<string, InstanceRow>()
  let isShown = false
  let timer: ReturnType<typeof setTimeout> | undefined

  document.addEventListener('visibilitychange', lookAgain)

  function lookAgain(): void {
    clearTimeout(timer)
    if (isShown && !document.hidden) void look()
  }

  async function look(): Promise<void> {
    const answer = await listInstances()
    if (!isShown) return
    if (answer.ok) showAll(answer.body)
    else summary.replaceChildren(answer.detail)
    say(answer.ok)
    clearTimeout(timer)
    timer = setTimeout(lookAgain, ASK_AGAIN_MS)
  }

  function showAll({ history, head, boundMs, instances }: ConsoleInstances): void {
    const bound = `${(boundMs / 1_000).toFixed(1)} s`
    const newest = element(
      'strong',
      '',
      head === 0 ? 'There was no sign-off yet.' : `Sign-off no. ${head} is the newest.`,
    )
    newest.title = `In the history ${history}`
    summary.replaceChildren(newest, ` An instance that stops answering serves nobody after ${bound}.`)
    wrap.hidden = instances.length === 0

    const present = new Set(instances.map(({ id }) => id))
    for (const id of rows.keys()) if (!present.has(id)) rows.delete(id)
    const shown = instances.map((instance) => {
      const row = rows.get(instance.id) ?? createInstanceRow(instance)
      rows.set(instance.id, row)
      row.update(instance)
      return row.root
    })
    const isSame =
      shown.length === list.childElementCount && shown.every((row, i) => list.children[i] === row)
    if (!isSame) list.replaceChildren(...shown)
  }

  function say(isLive: boolean): void {
    state.textContent = isLive ? 'Live' : 'Not live'
    state.className = `badge live ${isLive ? 'ok' : 'warn'}`
  }

  return {
    show() {
      isShown = true
      lookAgain()
    },
    hide() {
      isShown = false
      clearTimeout(timer)
    },
  }
}
