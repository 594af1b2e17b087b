import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
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
  return (
    <aside class="panel" id="panel" aria-label={title}>
      <PanelHead title={title} />
      {children}
    </aside>
  )
}

function Sheet({ title, children }: PanelProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={dialog}
      class="panel sheet"
      id="panel"
      aria-label={title}
      onClose={closePanel}
      onClick={({ target, currentTarget }) => target === currentTarget && closePanel()}
    >
      <PanelHead title={title} />
      {children}
    </dialog>
  )
}

function PanelHead({ title }: { readonly title: string }) {
  return (
    <header class="panel-head">
      <h2>{title}</h2>
      <button type="button" class="quiet icon" aria-label="Close" title="Close (Esc)" onClick={closePanel}>
        ×
      </button>
    </header>
  )
}
