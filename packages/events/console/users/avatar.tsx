import type { ConsoleUser } from './users-api.js'

/** The picture that the provider has, or initials. */
export function Avatar({
  user: { name, picture },
}: {
  readonly user: Pick<ConsoleUser, 'name' | 'picture'>
}) {
  if (picture?.startsWith('https:')) {
    return <img class="avatar" src={picture} alt="" referrerpolicy="no-referrer" />
  }
  const words = name.trim().split(/\s+/)
  const initials = [words[0], words.length > 1 ? words.at(-1) : ''].map((word) => [...(word ?? '')][0] ?? '')
  return (
    <span class="avatar" aria-hidden="true">
      {initials.join('').toUpperCase()}
    </span>
  )
}
