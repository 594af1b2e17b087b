const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Whether secrets may be sent there: https, or plain http that does not leave this machine. */
export function isSafeProviderUrl(address: string): boolean {
  if (!URL.canParse(address)) return false
  const { protocol, hostname, username, password, hash } = new URL(address)
  if (username !== '' || password !== '' || hash !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname))
}
