import { computed, effect, signal, untracked } from '@preact/signals'
import { address, area, change } from '../place.js'
import { FILTER_NAMES, type FilterName, filterOf, keyOf, momentOf } from './log-filter.js'
import { createLogModel } from './log-model.js'

/** The log of this page: one, whatever area is shown, so that nothing is missed meanwhile. */
export const log = createLogModel()

/** The query of the log, also while another area is shown. */
const query = signal(new URLSearchParams())

export const filter = computed(() => filterOf(query.value))

/** The id of the event that is open. */
export const openEvent = computed(() => query.value.get('event'))

/** The correlation id that is followed. */
export const followed = computed(() => query.value.get('follow'))

/** The time that somebody has jumped to. */
export const jumpedTo = computed(() => momentOf(query.value.get('at')) ?? null)

/** The address of the log as it was left. */
export const logAddress = computed(() => {
  const text = query.value.toString()
  return text === '' ? '/console' : `/console?${text}`
})

/** Keeps the log as the address says. */
export function followAddress(): void {
  effect(() => {
    if (area.value === 'log') query.value = address.value.searchParams
  })
  const wanted = computed(() => `${keyOf(filter.value)} ${jumpedTo.value}`)
  effect(() => {
    void wanted.value
    untracked(() => void log.show(filter.value, jumpedTo.value))
  })
  effect(() => {
    if (!log.hasNewer.value) untracked(forgetTime)
  })
}

/** Who has come back to now is at no other time any more, and is not sent back to it by a reload. */
function forgetTime(): void {
  if (jumpedTo.value === null) return
  if (area.value === 'log') {
    change({ at: null }, { inPlace: true })
  } else {
    const left = new URLSearchParams(query.value)
    left.delete('at')
    query.value = left
  }
}

/** Narrows the filter, or widens it with null. What is open stays open. */
export function setFilter(values: Readonly<Partial<Record<FilterName, string | null>>>): void {
  change(values, { inPlace: 'text' in values })
}

export function clearFilter(): void {
  change(Object.fromEntries(FILTER_NAMES.map((name) => [name, null])))
}

export const jumpTo = (at: number | null) =>
  change({ at: at === null ? null : new Date(at).toISOString(), event: null, follow: null })

export const open = (id: string | null) =>
  change({ event: id, follow: null }, { inPlace: openEvent.value !== null })

export const follow = (correlationId: string) => change({ follow: correlationId, event: null })

export const closePanel = () => change({ event: null, follow: null })
