/** A look at whether an address answers 200, for {@link createChild}: while it starts, no answer is the normal one. */
export function answers(url: string): () => Promise<boolean> {
  return async () => {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) })
    await response.arrayBuffer()
    return response.status === 200
  }
}
