import type { ComponentChildren } from 'preact'
import { useErrorBoundary } from 'preact/hooks'

/** What can't be drawn is said, and takes nothing else of the page with it. */
export function Boundary({ children }: { readonly children: ComponentChildren }) {
  const [error] = useErrorBoundary((thrown) => reportError(thrown))
  if (error === undefined) return <>{children}</>
  return (
    <div class="notice danger" id="area-broken" role="alert">
      <p>This can’t be shown: something in it is not as this page expects.</p>
      <button type="button" class="small" onClick={() => location.reload()}>
        Reload
      </button>
    </div>
  )
}
