import type { Context } from 'koa'

const MARKUP = Symbol('markup')

/** Markup that is safe to send: only `html` makes it. The key is private, so no parsed JSON can pass for one. */
export interface Html {
  readonly [MARKUP]: string
}

export type Interpolation =
  | Html
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | readonly Interpolation[]

/**
 * Markup with every interpolation escaped, for text and for quoted attributes. Nested `html` and arrays
 * pass as they are; null, undefined and booleans are nothing, so that `${isNew && html`…`}` reads well.
 */
export function html(literals: TemplateStringsArray, ...values: readonly Interpolation[]): Html {
  return { [MARKUP]: literals.reduce((before, after, i) => before + markupOf(values[i - 1]) + after) }
}

export function renderHtml(markup: Html): string {
  return markup[MARKUP]
}

/** Answers with a page: 200, unless a status was set before. */
export function respondWithPage(ctx: Context, page: Html): void {
  ctx.type = 'html'
  ctx.body = renderHtml(page)
}

function markupOf(value: Interpolation): string {
  if (value === null || value === undefined || typeof value === 'boolean') return ''
  if (typeof value === 'string') return value.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
  if (typeof value === 'object') return isHtml(value) ? value[MARKUP] : value.map(markupOf).join('')
  return String(value)
}

const isHtml = (value: object): value is Html => MARKUP in value

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
