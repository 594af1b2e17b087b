import { signal } from '@preact/signals'

/** As in the stylesheets: a phone, where one thing is shown at a time. */
const query = matchMedia('(max-width: 56rem)')

/** Whether the page is too narrow for two things beside each other. */
export const isNarrow = signal(query.matches)

query.addEventListener('change', () => {
  isNarrow.value = query.matches
})
