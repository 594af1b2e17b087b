import { deviceName } from '@curfew/service/browser/device-name'
import { isOneself } from './oneself.js'
import type { Asked } from './question.js'
import {
  blockUser,
  type ConsoleSession,
  type ConsoleUser,
  endSession,
  signOffUser,
  unblockUser,
} from './users-api.js'

export function ending({ name }: ConsoleUser, { ref, device, current }: ConsoleSession): Asked {
  const whose = current ? 'This is your own session, in this browser: you will be signed out. ' : ''
  return {
    title: 'End this session?',
    sentence: `${whose}${name} will be signed off in ${deviceName(device.userAgent)} at ${device.ip}, on every service at once. Other sessions will go on.`,
    verb: 'End the session',
    act: () => endSession(ref),
  }
}

export function signingOff({ id, name }: ConsoleUser): Asked {
  const [whose, they] = isOneself(id)
    ? ['This is you: you will be signed out, here too. ', 'You']
    : ['', 'They']
  return {
    title: `Sign ${name} off everywhere?`,
    sentence: `${whose}Every session will end, on every device and every service. ${they} will be able to sign in again at once.`,
    verb: 'Sign off everywhere',
    act: () => signOffUser(id),
  }
}

export function blocking({ id, name }: ConsoleUser): Asked {
  return {
    title: `Block ${name}?`,
    sentence:
      'They will be out at once, everywhere, and won’t be able to sign in again until somebody unblocks them.',
    verb: 'Block',
    withReason: true,
    isGrave: true,
    act: (reason) => blockUser(id, reason),
  }
}

export function unblocking({ id, name }: ConsoleUser): Asked {
  return {
    title: `Unblock ${name}?`,
    sentence: 'They will be able to sign in again. No old session will come back.',
    verb: 'Unblock',
    act: () => unblockUser(id),
  }
}
