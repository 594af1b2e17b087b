/**
 * What `attempt` gives. Where it fails with an error of this kind, the process ends with its sentence and code 2; every
 * other error is a defect of ours, and keeps its stack.
 *
 * @param advice said below the sentence
 */
export async function orEndWithSentence<T>(
  kind: abstract new (...args: never[]) => Error,
  attempt: () => T | Promise<T>,
  advice = '',
): Promise<T> {
  try {
    return await attempt()
  } catch (error) {
    if (!(error instanceof kind)) throw error
    console.error(advice === '' ? error.message : `${error.message}\n\n${advice}`)
    process.exit(2)
  }
}
