import { type FileResult, killRunning, runFile } from './runner/run-file.js'
import { findTestFiles, namedTestFiles, type TestFile } from './runner/test-files.js'

/**
 * Runs the test files that are named, or all. The long ones, which have a browser or keep a processor busy, are begun
 * from one end, and the short ones, which mostly wait, from the other, two of these at a time. Nothing is left alone
 * with a long one at the end. Prints one line for each, the whole story of what failed, and `N passed, N failed` as
 * the last line.
 *
 * @returns the exit code: 1 when anything failed, and when nothing ran
 */
export async function runTests(names: readonly string[]): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      killRunning()
      process.exit(1)
    })
  }
  const files = names.length > 0 ? namedTestFiles(names) : await findTestFiles()
  const waiting = [...files]
  const results: FileResult[] = []

  async function work(take: () => TestFile | undefined): Promise<void> {
    for (let file = take(); file !== undefined; file = take()) {
      const result = await runFile(file)
      results.push(result)
      console.log(describe(result, `${results.length}/${files.length}`))
    }
  }
  const takeShort = () => (waiting.at(-1)?.isLong ? undefined : waiting.pop())
  await Promise.all([work(() => waiting.shift()), work(() => waiting.pop()), work(takeShort)])

  const failing = results.filter(({ failed }) => failed > 0)
  if (failing.length > 0)
    console.log(`\nfailed:\n${failing.map(({ file }) => `  ${file.source}`).join('\n')}`)
  const passed = sum(results.map((result) => result.passed))
  const failed = sum(results.map((result) => result.failed))
  console.log(`\n${passed} passed, ${failed} failed`)
  return failed > 0 || passed === 0 ? 1 : 0
}

function describe(result: FileResult, progress: string): string {
  const { file, passed, failed, tookMs, failures, output } = result
  const counts = failed > 0 ? `${passed} passed, ${failed} FAILED` : `${passed} passed`
  const line = `[${progress}] ${file.source}  ${counts}  ${Math.round(tookMs)} ms`
  if (failed === 0) return line
  return [line, ...failures.map(indent), '    what it wrote:', indent(output), ''].join('\n')
}

function indent(text: string): string {
  return text.trim().replace(/^/gm, '    ')
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
