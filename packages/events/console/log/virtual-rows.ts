import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type VirtualItem,
  Virtualizer,
} from '@tanstack/virtual-core'
import type { RefObject } from 'preact'
import { useLayoutEffect, useReducer, useRef } from 'preact/hooks'

export interface VirtualRows {
  /** Those that are in sight, and a few around. */
  readonly items: readonly VirtualItem[]
  /** Of all rows together, in pixels. */
  readonly height: number
  scrollTo(index: number, align?: 'auto' | 'start' | 'center'): void
  /** Moves what is in sight by so many pixels. */
  shift(by: number): void
}

/** Rows of one height in `scroller`, of which only those in sight are on the page: TanStack Virtual under Preact. */
export function useVirtualRows(
  scroller: RefObject<HTMLElement>,
  count: number,
  rowHeight: number,
): VirtualRows {
  const [, render] = useReducer<number, void>((renders) => renders + 1, 0)
  const options = {
    count,
    estimateSize: () => rowHeight,
    getScrollElement: () => scroller.current,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    overscan: 12,
    // The head of the list is above the first row, and takes as much away below.
    scrollPaddingEnd: rowHeight,
    onChange: () => render(),
  }
  const kept = useRef<{ readonly virtual: Virtualizer<HTMLElement, HTMLElement>; rowHeight: number }>()
  kept.current ??= { virtual: new Virtualizer<HTMLElement, HTMLElement>(options), rowHeight }
  const { virtual } = kept.current
  virtual.setOptions(options)
  if (kept.current.rowHeight !== rowHeight) {
    kept.current.rowHeight = rowHeight
    virtual.measure()
  }
  useLayoutEffect(() => virtual._didMount(), [virtual])
  useLayoutEffect(() => virtual._willUpdate())

  return {
    items: virtual.getVirtualItems(),
    height: virtual.getTotalSize(),
    scrollTo: (index, align = 'auto') => virtual.scrollToIndex(index, { align }),
    shift(by) {
      if (scroller.current !== null) scroller.current.scrollTop += by
    },
  }
}
