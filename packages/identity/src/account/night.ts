import { type Html, html } from '@curfew/service'
import { ASSETS } from './assets.js'
import { type Lights, town } from './town.js'

export interface NightOptions {
  /** How much room it takes: all of a first visit, a strip above a page, or a page of its own. */
  readonly size: 'tall' | 'low' | 'whole'
  readonly lights: Lights
  readonly content: Html
}

/** The band of night sky over the town, as wide as the window. Brings identity's stylesheet along. */
export function night({ size, lights, content }: NightOptions): Html {
  return html`<link rel="stylesheet" href="${ASSETS}/identity.css">
<div class="night ${size}">
${town(lights)}
<div class="night-content">
${content}
</div>
</div>`
}
