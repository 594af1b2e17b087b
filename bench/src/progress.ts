/** Says what is being done, on standard error, so that standard output is the result alone. */
export function showProgress(title: string): (doing: string) => void {
  const { isTTY } = process.stderr
  if (!isTTY) process.stderr.write(`${title}\n`)
  return (doing) => {
    if (isTTY) process.stderr.write(`\r\x1b[K${title}: ${doing}`)
  }
}

export function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
}
