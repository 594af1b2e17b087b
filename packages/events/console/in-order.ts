/**
 * Of answers that come in any order, lets through each that was asked for later than whatever came through before: the
 * last one always, and until it has come those that are on the way to it.
 *
 * @returns what is called when a question is asked, and gives what tells whether its answer is to be shown
 */
export function createInOrder(): () => () => boolean {
  let asked = 0
  let shown = 0
  return () => {
    const mine = ++asked
    return () => {
      if (mine < shown) return false
      shown = mine
      return true
    }
  }
}
