import { CommandFailed, runCommand } from '@curfew/service'
import type { Break, ChainPoint } from './chain.js'
import { readVerifyConfig } from './config.js'
import { LogStoreFailed, type Verified } from './log-store.js'
import { openLogVerifier } from './open-log-verifier.js'

const SENTENCES: Readonly<Record<Break, string>> = {
  hash: 'this entry, or the place before it, is not what was written',
  gap: 'the entry that was there is missing',
  order: 'the entry there comes again, or too late, or where retention has left none',
  facts: 'the entry is whole, but what searches look at was changed',
  anchor: 'it is not said where the log begins, or not rightly',
  end: 'entries that were there are missing at the end, or some are there that nobody appended',
}

/**
 * For the operator who wants to know whether anybody has changed the event log behind its back:
 *
 *     verify-log [position:hash]
 *
 * Walks the chain of the whole log. A place that was kept elsewhere, as this command has said it once, must
 * still be in it. Nothing is written. See docs/event-log.md.
 */
await runCommand({
  name: 'verify-log',
  readConfig: readVerifyConfig,
  async run({ EVENT_LOG_URL: url }) {
    const known = readKnown(process.argv[2])
    const verified = await verify(url, known)
    if (!verified.ok) {
      const { checked, position, why } = verified
      throw new CommandFailed(
        `The event log is broken at position ${position}: ${SENTENCES[why]}. ${inWords(checked)} before it.`,
      )
    }
    const { checked, newest, isKnownFound } = verified
    if (known !== undefined && !isKnownFound)
      throw new CommandFailed(
        `Retention has removed position ${known.position}, so it can't be compared. ${inWords(checked)}.`,
      )
    const compared = isKnownFound ? ', with the place that you have kept' : ''
    return `${inWords(checked)}${compared}. Keep this elsewhere, to prove it later: ${newest.position}:${newest.hash}`
  },
})

async function verify(url: string, known: ChainPoint | undefined): Promise<Verified> {
  try {
    const verifier = await openLogVerifier(url)
    try {
      return await verifier.verify({ known, onProgress: showProgress() })
    } finally {
      await verifier.close()
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
    }
  } catch (cause) {
    if (cause instanceof LogStoreFailed) throw new CommandFailed(cause.message, { cause })
    throw cause
  }
}

function readKnown(text: string | undefined): ChainPoint | undefined {
  if (text === undefined) return undefined
  const [, position, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  if (position === undefined || hash === undefined)
    throw new CommandFailed('what you have kept must be position:hash, as this command has said it')
  return { position: Number(position), hash }
}

/** On a terminal one line that counts; elsewhere a line for each tenth. */
function showProgress(): (checked: number, of: number) => void {
  let tenths = 0
  return (checked, of) => {
    const line = `${checked.toLocaleString('en')} of ${of.toLocaleString('en')}`
    if (process.stderr.isTTY) process.stderr.write(`\r${line}`)
    else if (checked * 10 >= of * (tenths + 1)) {
      tenths = Math.floor((checked * 10) / of)
      process.stderr.write(`${line}\n`)
    }
  }
}

function inWords(checked: number): string {
  return checked === 1 ? '1 entry is whole' : `${checked.toLocaleString('en')} entries are whole`
}
