import type { Context } from 'koa'
import type { LogStore } from '../store/log-store.js'
import { figuresOf } from './figures.js'
import { parseFiguresQuery } from './figures-span.js'

/** `GET /events/figures`: what the pictures of the dashboard show, from what was counted while it happened. */
export function showFigures(store: Pick<LogStore, 'tally'>) {
  return async function showFigures(ctx: Context): Promise<void> {
    const span = parseFiguresQuery(ctx.query)
    ctx.body = figuresOf(span, await store.tally(span))
  }
}
