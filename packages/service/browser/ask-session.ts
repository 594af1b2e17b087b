export type SessionAnswer =
  | { readonly state: 'signed-in'; readonly userId: string; readonly name: string }
  | { readonly state: 'signed-out' }
  /** Nobody could tell: no network, or a server that is busy with itself. */
  | { readonly state: 'unknown' }

/** Whether this browser is signed in, and as whom. */
export async function askSession(): Promise<SessionAnswer> {
  try {
    const answer = await fetch('/auth/session', {
      headers: { Accept: 'application/json' },
      cache: 'no-store',
      signal: AbortSignal.timeout(5_000),
    })
    if (answer.status === 401) return { state: 'signed-out' }
    if (!answer.ok) return { state: 'unknown' }
    const { user } = await answer.json()
    return { state: 'signed-in', userId: user.id, name: user.name }
  } catch {
    return { state: 'unknown' }
  }
}
