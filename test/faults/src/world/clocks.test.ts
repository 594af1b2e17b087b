import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { ToolMissing } from '@curfew/infra/tools'
import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { folderFor } from '../folder.js'
import { type Clocks, openClocks } from './clocks.js'

const test = suite('faults: wall clocks that are set')

/** Says again and again how far its wall clock is from ours, and what its monotonic clock says. */
const WATCH = `setInterval(() => console.log(Date.now(), process.hrtime.bigint().toString()), 50)`

test('a process’s wall clock is set, and its monotonic clock stays', async () => {
  const clocks = await openClocksIfThere()
  if (clocks === null) return
  await clocks.step('watcher', 0)
  const child = spawn(process.execPath, ['-e', WATCH], { env: clocks.envFor('watcher') })
  let wallMs = Number.NaN
  let monotonicMs = Number.NaN
  createInterface(child.stdout).on('line', (line) => {
    const [wall = '', monotonic = ''] = line.split(' ')
    wallMs = Number(wall) - Date.now()
    monotonicMs = Number(BigInt(monotonic) - process.hrtime.bigint()) / 1e6
  })
  try {
    for (const seconds of [3_600, -60, 0]) {
      await clocks.step('watcher', seconds)
      // A line that is read late shows both as apart as it is late.
      await eventually(() => Math.abs(wallMs - seconds * 1_000) < 500 && Math.abs(monotonicMs) < 500)
    }
  } finally {
    await end(child)
  }
})

// found 2026-11-26: the wrapper of libfaketime got the number of a process that a run had killed
test('what killed processes left behind is removed, and nothing of those that live', async () => {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  const left = `/dev/shm/sem.faketime_sem_${child.pid}`
  const ours = `/dev/shm/sem.faketime_sem_${process.pid}`
  for (const file of [left, ours]) await writeFile(file, '')
  try {
    if ((await openClocksIfThere()) === null) return
    assert.equal([existsSync(left), existsSync(ours)], [false, true])
  } finally {
    for (const file of [left, ours]) await rm(file, { force: true })
  }
})

test.run()

/** Where libfaketime can't be had, runs leave the fault out, and say so. */
async function openClocksIfThere(): Promise<Clocks | null> {
  try {
    return await openClocks(await folderFor('clocks-test'))
  } catch (error) {
    if (!(error instanceof ToolMissing)) throw error
    return null
  }
}

async function end(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}
