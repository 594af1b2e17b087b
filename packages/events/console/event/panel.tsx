import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { focusOn, isFocusLost, useFocusAfter } from '../focus.js'
import { closePanel } from '../log/log-state.js'
import { isNarrow } from '../narrow.js'

interface PanelProps {
  readonly title: string
  /** What is open in it. */
  readonly id: string
  readonly children: ComponentChildren
}

/** Beside the list; on a phone a sheet over it. It stays while one thing in it leads to another. */
export function Panel(props: PanelProps) {
  // What led here went with what was open before.
  useLayoutEffect(() => {
    if (isFocusLost()) focusOn('#panel')
  }, [props.id])
  return isNarrow.value ? <Sheet {...props} /> : <Side {...props} />
}

function Side({ title, children }: PanelProps) {
  const panel = useRef<HTMLElement>(null)
  useFocusAfter(panel, focusList)
  return (
    <aside ref={panel} class="panel" id="panel" aria-label={title} tabIndex={-1}>
      <PanelHead title={title} onClose={closePanel} />
      {children}
    </aside>
  )
}

function Sheet({ title, children }: PanelProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    dialog.current?.showModal()
  }, [])
  const close = () => dialog.current?.close()
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={dialog}
      class="panel sheet"
      id="panel"
      aria-label={title}
      tabIndex={-1}
      onClose={() => {
        closePanel()
        focusList()
      }}
      onClick={({ target, currentTarget }) => target === currentTarget && close()}
    >
      <PanelHead title={title} onClose={close} />
      {children}
    </dialog>
  )
}

/** It was opened from a line. */
const focusList = () => focusOn('#log-list')

function PanelHead({ title, onClose }: { readonly title: string; readonly onClose: () => void }) {
  return (
    <header class="panel-head">
      <h2>{title}</h2>
      <button type="button" class="quiet icon" aria-label="Close" title="Close (Esc)" onClick={onClose}>
        ×
      </button>
    </header>
  )
}
