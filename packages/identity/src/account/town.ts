import { type Html, html } from '@curfew/service'

/**
 * Behind which windows there is light: one login lights all of them, the bell puts out what it ends. `still`
 * they are all lit, and nothing moves: the page is loaded again and again.
 */
export type Lights = 'all' | 'still' | 'one' | 'none'

/** The bell tower and the houses around it. A picture only: the words beside it say the same. */
export function town(lights: Lights): Html {
  return html`<svg class="town lights-${lights}" viewBox="0 0 1200 320" aria-hidden="true" focusable="false">
<defs><radialGradient id="lamp-glow"><stop offset="0" stop-color="#ffc56b" stop-opacity=".6"/><stop offset="1" stop-color="#ffc56b" stop-opacity="0"/></radialGradient></defs>
${HOUSES.map(house)}
<circle cx="600" cy="118" r="120" fill="url(#lamp-glow)"/>
<path class="sound" d="M528 86a80 80 0 0 0 0 70M672 86a80 80 0 0 1 0 70"/>
<path class="sound" d="M500 72a112 112 0 0 0 0 98M700 72a112 112 0 0 1 0 98"/>
<path class="sound" d="M472 58a144 144 0 0 0 0 126M728 58a144 144 0 0 1 0 126"/>
<path class="wall" fill-rule="evenodd" d="M554 320V84h-8v-8L600 14l54 62v8h-8v236ZM566 160h68v-40a34 34 0 0 0-68 0Z"/>
<path class="wall" d="M599 4h2v16h-2zM595 9a5 5 0 0 1 10 0a5 5 0 0 1-10 0zM546 172h108v9H546z"/>
<g transform="translate(573 96) scale(1.7)"><g class="town-bell"><path d="M16 4.2c-4.9 0-7.7 3.6-7.7 8.6v4.6c0 1.6-.8 2.7-1.9 3.9-1 1.1-.3 2.9 1.3 2.9h16.6c1.6 0 2.3-1.8 1.3-2.9-1.1-1.2-1.9-2.3-1.9-3.9v-4.6c0-5-2.8-8.6-7.7-8.6Z"/><path d="M12.9 26.3a3.2 3.2 0 0 0 6.2 0Z"/><circle cx="16" cy="3.6" r="1.7"/></g></g>
<path class="windows kept" d="${pane(593, 214)}"/>
</svg>`
}

const GROUND = 320
const PANE = { width: 12, height: 17, stepX: 27, stepY: 36 }

interface House {
  readonly x: number
  readonly width: number
  readonly wall: number
  readonly roof: number
}

/** From left to right, in units of the view box; the tower stands in the gap. */
const HOUSES: readonly House[] = [
  { x: 0, width: 104, wall: 58, roof: 40 },
  { x: 96, width: 88, wall: 104, roof: 34 },
  { x: 190, width: 128, wall: 66, roof: 52 },
  { x: 312, width: 92, wall: 124, roof: 38 },
  { x: 410, width: 132, wall: 88, roof: 50 },
  { x: 662, width: 112, wall: 96, roof: 44 },
  { x: 780, width: 86, wall: 138, roof: 36 },
  { x: 860, width: 134, wall: 76, roof: 54 },
  { x: 1000, width: 94, wall: 110, roof: 38 },
  { x: 1088, width: 112, wall: 62, roof: 42 },
]

function house({ x, width, wall, roof }: House, index: number): Html {
  const eaves = GROUND - wall
  const outline = `M${x} ${GROUND}v${-wall}h-5l${width / 2 + 5} ${-roof}l${width / 2 + 5} ${roof}h-5v${wall}z`
  const chimney = `M${x + width - 28} ${eaves - 4}v${-roof}h13v${roof}z`
  return html`<path class="wall" d="${outline}${chimney}"/><path class="windows" d="${panes({ x, width, wall, roof }, index)}"/>\n`
}

/** Not every room is somebody's: a fixed pattern leaves some out, so that the town is not a grid. */
function panes({ x, width, wall }: House, index: number): string {
  const columns = Math.floor((width - 14) / PANE.stepX)
  const rows = Math.floor((wall - 12) / PANE.stepY)
  const margin = (width - (columns - 1) * PANE.stepX - PANE.width) / 2
  return Array.from({ length: columns * rows }, (_, i) => i)
    .filter((i) => (i * 5 + index * 3) % 4 !== 0)
    .map((i) =>
      pane(
        x + margin + (i % columns) * PANE.stepX,
        GROUND - wall + 14 + Math.floor(i / columns) * PANE.stepY,
      ),
    )
    .join('')
}

const pane = (x: number, y: number) => `M${x} ${y}h${PANE.width}v${PANE.height}h${-PANE.width}z`
