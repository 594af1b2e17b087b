/** Collects what was opened, and closes it in the opposite order. (Node 20 has no AsyncDisposableStack.) */
export function createDisposal() {
  const opened: AsyncDisposable[] = []

  async function disposeAll(): Promise<void> {
    for (let last = opened.pop(); last !== undefined; last = opened.pop()) await last[Symbol.asyncDispose]()
  }

  return {
    use<T extends AsyncDisposable>(one: T): T {
      opened.push(one)
      return one
    },
    disposeAll,
  }
}
