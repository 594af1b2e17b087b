import { type FileHandle, open } from 'node:fs/promises'

/** The log file of a process. The process writes into it itself, so that nothing is lost when we are gone. */
export interface ProcessLog {
  readonly file: string
  /** Gives the file to a process that is about to start. */
  openForChild(): Promise<FileHandle>
  /** What the process that was started last said at the end, in one line; empty when it said nothing. */
  lastWords(): Promise<string>
}

export function createProcessLog(file: string): ProcessLog {
  let beginsAt = 0
  return {
    file,
    async openForChild() {
      const handle = await open(file, 'a')
      beginsAt = (await handle.stat()).size
      return handle
    },
    async lastWords() {
      const handle = await open(file)
      try {
        const { size } = await handle.stat()
        const position = Math.max(beginsAt, size - ENOUGH_BYTES)
        const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(ENOUGH_BYTES), position })
        return lastMeaningfulLine(buffer.toString('utf8', 0, bytesRead))
      } finally {
        await handle.close()
      }
    },
  }
}

const ENOUGH_BYTES = 16_384

/**
 * The line of an output that says best why a process ended: the error's own, where it died of one, else the last
 * line that is not part of a stack or of Node's farewell. From a JSON line, its message.
 */
export function lastMeaningfulLine(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !NOISE.test(line))
  const line = lines.findLast((candidate) => AN_ERROR.test(candidate)) ?? lines.at(-1) ?? ''
  return messageOf(line.trim())
}

const NOISE = /^\s+at |^Node\.js v|^\s*[\^{}\]]+,?$/
const AN_ERROR = /^(Uncaught )?\w*Error\b.*:/

function messageOf(line: string): string {
  if (!line.startsWith('{')) return line
  try {
    const entry: unknown = JSON.parse(line)
    const found = [textAt(entry, 'error', 'message'), textAt(entry, 'message'), textAt(entry, 'event')]
    return found.find((text) => text !== undefined) ?? line
  } catch (error) {
    if (error instanceof SyntaxError) return line
    throw error
  }
}

function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  let found = value
  for (const name of path) {
    found = typeof found === 'object' && found !== null ? Reflect.get(found, name) : undefined
  }
  return typeof found === 'string' ? found : undefined
}
