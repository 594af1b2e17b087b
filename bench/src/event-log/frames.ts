import type { Page } from 'playwright-core'
import { z } from 'zod'

/** What a page did in a while. Milliseconds each. */
export interface Frames {
  /** Between one frame and the next. */
  readonly frames: readonly number[]
  /** Tasks of the main thread that took more than 50 ms. */
  readonly longTasks: readonly number[]
  /** All that the main thread did, and its scripts. */
  readonly taskMs: number
  readonly scriptMs: number
}

/** Scrolls down until so many lines are loaded. */
export async function loadLines(page: Page, lines: number): Promise<void> {
  await page.evaluate(
    `(async () => {
      const list = document.querySelector('#log-list')
      const row = list.querySelector('.log-row').getBoundingClientRect().height
      while (list.scrollHeight < row * ${lines}) {
        list.scrollTo({ top: list.scrollHeight })
        await new Promise(requestAnimationFrame)
      }
      list.scrollTo({ top: 0 })
    })()`,
  )
}

/** Looks at each frame for a while, in which the list is scrolled from top to bottom, or left alone at its top. */
export async function drawFor(
  page: Page,
  { ms, scrolls }: { ms: number; scrolls: boolean },
): Promise<Frames> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  const before = await durations()
  const drawn = Drawn.parse(
    await page.evaluate(
      `(async () => {
        const list = document.querySelector('#log-list')
        list.scrollTo({ top: 0 })
        const longTasks = []
        const watching = new PerformanceObserver((seen) => {
          for (const { duration } of seen.getEntries()) longTasks.push(duration)
        })
        watching.observe({ type: 'longtask' })
        const nextFrame = () => new Promise(requestAnimationFrame)
        const startedAt = await nextFrame()
        const frames = []
        for (let last = startedAt; last - startedAt < ${ms}; ) {
          if (${scrolls}) {
            list.scrollTop = ((last - startedAt) / ${ms}) * (list.scrollHeight - list.clientHeight)
          }
          const now = await nextFrame()
          frames.push(now - last)
          last = now
        }
        watching.disconnect()
        return { frames, longTasks }
      })()`,
    ),
  )
  const after = await durations()
  await session.detach()
  return {
    ...drawn,
    taskMs: after.TaskDuration - before.TaskDuration,
    scriptMs: after.ScriptDuration - before.ScriptDuration,
  }

  async function durations() {
    const { metrics } = await session.send('Performance.getMetrics')
    return Durations.parse(Object.fromEntries(metrics.map(({ name, value }) => [name, value * 1_000])))
  }
}

const Drawn = z.object({ frames: z.array(z.number()), longTasks: z.array(z.number()) })
const Durations = z.object({ TaskDuration: z.number(), ScriptDuration: z.number() })
