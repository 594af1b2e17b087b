import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Numbers } from './figures-api.js'
import type { Picture } from './pictures.js'

const HEIGHT_PX = 180

interface ChartProps {
  readonly picture: Picture
  /** When each step begins, epoch seconds. */
  readonly at: readonly number[]
  readonly stepSeconds: number
  /** Where the pointer is: the number of a step, or null. */
  readonly onPoint: (step: number | null) => void
}

/** Draws a picture by uPlot, which writes styles by CSSOM alone. What it says is beside it in words. */
export function Chart({ picture, at, stepSeconds, onPoint }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const root = place.current
    if (root === null) return
    let plot = draw(root)
    const redraw = () => {
      plot.destroy()
      plot = draw(root)
    }
    const resized = new ResizeObserver(() => plot.setSize({ width: root.clientWidth, height: HEIGHT_PX }))
    resized.observe(root)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', redraw)
    return () => {
      resized.disconnect()
      dark.removeEventListener('change', redraw)
      plot.destroy()
    }
    function draw(element: HTMLElement): uPlot {
      return new uPlot(optionsOf(element), dataOf(picture, at), element)
    }
    function optionsOf(element: HTMLElement): uPlot.Options {
      const style = getComputedStyle(element)
      const colour = (name: string) => style.getPropertyValue(name).trim()
      const axis = {
        stroke: colour('--text-soft'),
        font: `12px ${style.fontFamily}`,
        grid: { stroke: colour('--line'), width: 1 },
        ticks: { show: false },
      }
      const isShown = (split: number) => !picture.isLogarithmic || isPowerOfTen(split)
      const end = (at.at(-1) ?? 0) + stepSeconds
      return {
        width: element.clientWidth,
        height: HEIGHT_PX,
        // Half of the last time on the axis is beyond it.
        padding: [10, 18, 0, 0],
        legend: { show: false },
        cursor: { drag: { setScale: false }, y: false, points: { show: picture.kind === 'lines' } },
        scales: {
          x: { range: [at[0] ?? 0, end] },
          y: picture.isLogarithmic ? LOGARITHMIC : FROM_ZERO,
        },
        axes: [
          {
            ...axis,
            values: (_plot, splits) => splits.map((split) => tickOf(split, stepSeconds)),
            space: 64,
            size: 28,
          },
          {
            ...axis,
            size: 52,
            values: (_plot, splits) => splits.map((split) => (isShown(split) ? picture.say(split) : '')),
            ...(picture.isLogarithmic
              ? {
                  grid: {
                    ...axis.grid,
                    filter: (_plot, splits) => splits.map((split) => (isShown(split) ? split : null)),
                  },
                }
              : { incrs: INCREMENTS }),
          },
        ],
        series: [
          {},
          ...stacked(picture).map(({ series }) => ({
            label: series.label,
            stroke: colour(series.colour),
            width: picture.kind === 'bars' ? 0 : 2,
            ...(picture.kind === 'bars'
              ? { fill: colour(series.colour), ...(BARS && { paths: BARS }), points: { show: false } }
              : { points: { size: 5, show: isSparse(series.values) }, spanGaps: false }),
          })),
        ],
        hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
      }
    }
  }, [picture, at, stepSeconds, onPoint])
  return <div class="chart" ref={place} aria-hidden="true" />
}

const BARS = uPlot.paths.bars?.({ size: [0.8, 28], align: 1, radius: 0.15 })
const INCREMENTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000]

const FROM_ZERO: uPlot.Scale = { range: (_plot, _low, high) => [0, Math.max(high * 1.1, 1)] }

/** From a power of ten to another. Where there is nothing, from 1 to 10. */
const LOGARITHMIC: uPlot.Scale = {
  distr: 3,
  log: 10,
  range: (_plot, low, high) => [
    10 ** Math.floor(Math.log10(low || 1)),
    10 ** Math.ceil(Math.log10((high || 5) * 1.05)),
  ],
}

const isPowerOfTen = (value: number) => value > 0 && Number.isInteger(Math.log10(value))

function dataOf(picture: Picture, at: readonly number[]): uPlot.AlignedData {
  return [[...at], ...stacked(picture).map(({ values }) => [...values])]
}

/** Bars stand on each other: the tallest is drawn first, and what is below covers it. */
function stacked({ kind, series }: Picture): { series: Picture['series'][number]; values: Numbers }[] {
  if (kind === 'lines') return series.map((one) => ({ series: one, values: one.values }))
  let below: readonly number[] = []
  const sums = series.map((one) => {
    below = one.values.map((value, index) => (value ?? 0) + (below[index] ?? 0))
    return { series: one, values: below }
  })
  return sums.reverse()
}

function tickOf(seconds: number, stepSeconds: number): string {
  const date = new Date(seconds * 1_000)
  return (stepSeconds >= 21_600 || (stepSeconds >= 3_600 && date.getHours() === 0) ? DAY : MINUTE).format(
    date,
  )
}

const MINUTE = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' })
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })

/** Where steps without a sample are between the others, a line alone would not show them. */
const isSparse = (values: Numbers) => values.filter((value) => value !== null).length < 40
