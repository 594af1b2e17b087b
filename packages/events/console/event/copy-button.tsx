import { useState } from 'preact/hooks'

/** Copies a text, and says so for a moment. */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [said, say] = useState('')
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text)
      say('Copied')
    } catch (error) {
      if (!(error instanceof DOMException)) throw error
      say('The browser does not allow it')
    }
    setTimeout(() => say(''), SAID_FOR_MS)
  }
  return (
    <button type="button" class="small" aria-label={`Copy ${what}`} onClick={copy}>
      <span role="status">{said || 'Copy'}</span>
    </button>
  )
}

const SAID_FOR_MS = 1_500
