import type { SignOff, TargetOfOne } from '@curfew/contract'

/**
 * What a service does when somebody is signed off: drop what it derived from the session. `everything`
 * says that sign-offs may have been missed, or that everybody was signed off, so that anything derived from
 * any session must go.
 */
export type SignOffHook = (signOff: SignOffHeard) => void | Promise<void>
export type SignOffHeard = SignOff<TargetOfOne> | 'everything'

/**
 * Runs every hook, and comes back when all have finished or the deadline has passed: a hook that fails
 * or hangs must not hold up the confirmation, since the guard refuses the session all the same.
 */
export async function runHooks(
  hooks: ReadonlySet<SignOffHook>,
  signOff: SignOffHeard,
  deadlineMs: number,
  onFailure: (error: unknown) => void,
): Promise<void> {
  const late = Symbol('late')
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<typeof late>((resolve) => {
    timer = setTimeout(resolve, deadlineMs, late)
  })

  const runs = [...hooks].map(async (hook) => {
    try {
      const outcome = await Promise.race([hook(signOff), deadline])
      if (outcome === late) onFailure(new Error(`a sign-off hook took longer than ${deadlineMs} ms`))
    } catch (error) {
      onFailure(error)
    }
  })
  await Promise.all(runs)
  clearTimeout(timer)
}
