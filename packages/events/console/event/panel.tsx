import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { closePanel } from '../log/log-state.js'
import { isNarrow } from '../narrow.js'

interface PanelProps {
  readonly title: string
  readonly children: ComponentChildren
}

/** Beside the list; on a phone a sheet over it. */
export function Panel(props: PanelProps) {
  return isNarrow.value ? <Sheet {...props} /> : <Side {...props} />
}

function Side({ title, children }: PanelProps) {
  const panel = useRef<HTMLElement>(null)
  // Who was within goes back to the line that it was opened from.
  useLayoutEffect(
    () => () => {
      if (panel.current?.contains(document.activeElement)) focusList()
    },
    [],
  )
  return (
    <aside ref={panel} class="panel" id="panel" aria-label={title}>
      <PanelHead title={title} onClose={closePanel} />
      {children}
    </aside>
  )
}

function Sheet({ title, children }: PanelProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
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

const focusList = () => document.getElementById('log-list')?.focus({ preventScroll: true })

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
