import bowser from 'bowser'

/** The browser and system in words, as people know their devices: the same on every page, wherever that is made. */
export function deviceName(userAgent: string): string {
  if (userAgent === '') return 'Unknown device'
  const { browser, os } = bowser.parse(userAgent)
  if (!browser.name) return userAgent.slice(0, 60)
  return os.name ? `${browser.name} on ${os.name}` : browser.name
}
