export interface HtmlForm {
  readonly action: string
  readonly method: 'GET' | 'POST'
  /** What it would send as it stands: hidden inputs, prefilled ones, chosen options. */
  readonly fields: Readonly<Record<string, string>>
}

/** The forms of a page, read by regular expressions: enough for pages that we write ourselves. */
export function formsOf(html: string): HtmlForm[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(
    ([, attributes = '', content = '']) => {
      const { action = '', method = 'get' } = attributesOf(attributes)
      return { action, method: method.toLowerCase() === 'post' ? 'POST' : 'GET', fields: fieldsOf(content) }
    },
  )
}

function fieldsOf(content: string): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const [, attributes = ''] of content.matchAll(/<input\b([^>]*)>/gi)) {
    const { name, value = '', type = 'text', checked } = attributesOf(attributes)
    const isChoice = type === 'checkbox' || type === 'radio'
    if (name === undefined || type === 'submit' || (isChoice && checked === undefined)) continue
    fields[name] = isChoice && value === '' ? 'on' : value
  }
  for (const [, attributes = '', text = ''] of content.matchAll(
    /<textarea\b([^>]*)>([\s\S]*?)<\/textarea>/gi,
  )) {
    const { name } = attributesOf(attributes)
    if (name !== undefined) fields[name] = decode(text)
  }
  for (const [, attributes = '', options = ''] of content.matchAll(
    /<select\b([^>]*)>([\s\S]*?)<\/select>/gi,
  )) {
    const { name } = attributesOf(attributes)
    const all = [...options.matchAll(/<option\b([^>]*)>/gi)].map(([, text = '']) => attributesOf(text))
    const chosen = all.find(({ selected }) => selected !== undefined) ?? all[0]
    if (name !== undefined && chosen !== undefined) fields[name] = chosen['value'] ?? ''
  }
  return fields
}

function attributesOf(text: string): Record<string, string | undefined> {
  const found = text.matchAll(/([a-z][\w-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/gi)
  return Object.fromEntries(
    [...found].map(([, name = '', double, single, bare]) => [
      name.toLowerCase(),
      decode(double ?? single ?? bare ?? ''),
    ]),
  )
}

function decode(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(amp|lt|gt|quot|apos));/gi, (_, decimal, hex, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal))
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16))
    return ENTITIES[String(name).toLowerCase()] ?? ''
  })
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
