import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Middleware } from 'koa'

/**
 * Serves Curfew's stylesheet, mark and browser modules under `prefix`, and the files of further folders.
 *
 * All of them are read once, at the start, and looked up by name: no request ever becomes a path. They
 * are few and small. A browser keeps them and asks each time whether they are still the same (ETag).
 *
 * @param folders more folders of one level; a file in a later one takes the place of an earlier one
 */
export function serveAssets(prefix: string, ...folders: readonly (URL | string)[]): Middleware {
  const assets = new Map([...OWN_FOLDERS, ...folders].flatMap(readFolder))
  return async function serveAssets(ctx, next) {
    if (!ctx.path.startsWith(`${prefix}/`)) return next()
    const asset = assets.get(ctx.path.slice(prefix.length + 1))
    if (asset === undefined || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next()

    ctx.status = 200
    ctx.set('Cache-Control', 'no-cache')
    ctx.type = asset.type
    ctx.etag = asset.etag
    if (ctx.fresh) ctx.status = 304
    else ctx.body = asset.bytes
  }
}

const OWN_FOLDERS = [new URL('../assets/', import.meta.url), new URL('./browser/', import.meta.url)]

/** What is in a folder and not listed here, a compiler's notes for instance, is not served. */
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

interface Asset {
  readonly bytes: Buffer
  readonly type: string
  readonly etag: string
}

function readFolder(folder: URL | string): [string, Asset][] {
  const path = typeof folder === 'string' ? folder : fileURLToPath(folder)
  return readdirSync(path, { withFileTypes: true }).flatMap((entry): [string, Asset][] => {
    const type = TYPES[extname(entry.name)]
    if (type === undefined || !entry.isFile()) return []
    const bytes = readFileSync(`${path}/${entry.name}`)
    const etag = createHash('sha256').update(bytes).digest('base64url').slice(0, 22)
    return [[entry.name, { bytes, type, etag }]]
  })
}
