/**
 * Says something at the edge of the page, for a moment; optionally with a way to take it back, which stays for as long as
 * somebody points at it or has it by the keyboard (WCAG 2.2.1).
 */
export function say(sentence: string, undo?: () => void): void {
  show('toast', sentence, undo)
}

/** Says that something did not work. It stays until something else is said. */
export function complain(sentence: string): void {
  show('toast danger', sentence)
}

const SHOWN_MS = 8_000
let timer: ReturnType<typeof setTimeout> | undefined

function show(className: string, sentence: string, undo?: () => void): void {
  const toast = document.querySelector('#toast')
  if (toast === null) return
  clearTimeout(timer)
  const text = document.createElement('span')
  text.textContent = sentence
  toast.className = className
  toast.replaceChildren(text, ...(undo === undefined ? [] : [undoButton(undo)]))
  if (className === 'toast') passAway(toast)
}

/** What is in somebody's hands does not go: it is looked again. */
function passAway(toast: Element): void {
  timer = setTimeout(() => {
    if (toast.matches(':hover, :focus-within')) passAway(toast)
    else toast.replaceChildren()
  }, SHOWN_MS)
}

function undoButton(undo: () => void): HTMLButtonElement {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'small'
  button.textContent = 'Undo'
  button.addEventListener('click', undo)
  return button
}
