const LOOPBACK = /^(::1|127(\.\d{1,3}){3})$/

/** An IP address as people read it. An IPv4 address that came in over an IPv6 socket is one all the same. */
export function addressName(ip: string): string {
  const plain = ip.replace(/^::ffff:(?=\d)/i, '')
  return LOOPBACK.test(plain) ? 'this computer' : plain
}
