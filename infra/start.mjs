// `npm start`, and with --watch `npm run dev`.

import { build, prepare } from './prepare.mjs'
import { bold, complain } from './terminal.mjs'

try {
  console.log(`\n  ${bold('Curfew')}\n`)
  await prepare()
  await build()
  const { start } = await import('./dist/start.js')
  await start({ watch: process.argv.includes('--watch') })
} catch (error) {
  complain(error)
  process.exitCode = 1
}
