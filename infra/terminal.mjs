// What `npm start` says in a terminal. Plain JavaScript, because the first lines come before anything is compiled.

const coloured = process.stdout.isTTY === true && process.env.NO_COLOR === undefined

const paint = (code) => (text) => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text)

export const bold = paint('1')
export const dim = paint('2')
export const red = paint('31')
export const green = paint('32')
const yellow = paint('33')

/** One finished step: what, where, and how long it took in milliseconds. */
export function step(name, detail, tookMs) {
  const took =
    tookMs === undefined ? '' : dim(tookMs < 1000 ? `${tookMs} ms` : `${(tookMs / 1000).toFixed(1)} s`)
  console.log(`  ${green('✓')} ${name.padEnd(12)} ${detail.padEnd(34)} ${took}`.trimEnd())
}

/** Something that takes a while has begun. */
export const begin = (sentence) => console.log(`  ${dim('…')} ${sentence}`)

/** Something went wrong, and things go on. */
export const warn = (sentence) => console.log(`  ${yellow('!')} ${sentence}`)

/** The last thing said when things don't go on: a sentence for what we know, a stack for a bug of ours. */
export function complain(error) {
  const known = error instanceof Error && typeof error.code === 'string' && KNOWN.has(error.code)
  console.error(`\n  ${red('✗')} ${known ? error.message : (error?.stack ?? error)}\n`)
}

const KNOWN = new Set(['PREPARE_FAILED', 'TOOL_MISSING', 'START_FAILED'])
