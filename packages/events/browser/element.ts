type Child = Node | string | null | false | undefined

/** Makes an element. Text is always text: nothing that came from elsewhere is ever read as markup. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className = '',
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  if (className !== '') made.className = className
  made.append(...children.filter(isThere))
  return made
}

export function button(className: string, text: string, onClick: () => void): HTMLButtonElement {
  const made = element('button', className, text)
  made.type = 'button'
  made.addEventListener('click', onClick)
  return made
}

/** A part of the page as the service renders it (src/console-page.ts). Missing, it is a mistake of ours. */
export function part<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new TypeError(`the page has no ${kind.name} #${id}`)
  return found
}

/** What stands in a list of facts; left out where there is nothing to say. */
export function fact(name: string, value: Child): readonly Child[] {
  return value === null || value === undefined || value === false || value === ''
    ? []
    : [element('dt', '', name), element('dd', '', value)]
}

function isThere(child: Child): child is Node | string {
  return child !== null && child !== undefined && child !== false
}
