import type { ComponentProps, RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/** Whoever is within when it goes away is taken to another place, and not to the top of the page. */
export function useFocusAfter(within: RefObject<HTMLElement>, goTo: () => void): void {
  const last = useRef(goTo)
  last.current = goTo
  useLayoutEffect(
    () => () => {
      if (within.current?.contains(document.activeElement)) last.current()
    },
    [],
  )
}

interface PassingButtonProps extends ComponentProps<'button'> {
  /** Who pressed it is here afterwards. */
  readonly leadsTo: string
}

/** A button that goes away with what it is for. */
export function PassingButton({ leadsTo, ...props }: PassingButtonProps) {
  const button = useRef<HTMLButtonElement>(null)
  useFocusAfter(button, () => focusOn(leadsTo))
  return <button type="button" {...props} ref={button} />
}

/** What somebody was at has gone away. */
export const isFocusLost = () => document.activeElement === null || document.activeElement === document.body

/** Nothing moves under the eyes, unless what is wanted may be out of sight. */
export function focusOn(selector: string, { isBroughtIntoSight = false } = {}): void {
  document.querySelector<HTMLElement>(selector)?.focus({ preventScroll: !isBroughtIntoSight })
}
