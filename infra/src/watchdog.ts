import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Ends our processes when we can't any more: it notices the end of the pipe between us, however we died. */
export interface Watchdog {
  guard(pid: number): void
  release(pid: number): void
  /** When everything that it guarded has ended in good order. */
  dismiss(): void
}

/** @param devFile removed, too, when we die: it says where the system runs */
export function openWatchdog(devFile: string): Watchdog {
  const script = fileURLToPath(new URL('../watchdog.sh', import.meta.url))
  // Detached: a Ctrl-C reaches every process of the terminal's group, and this one has to outlive it.
  const shell = spawn('/bin/sh', [script, devFile], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  shell.unref()
  // It may have been killed by hand: then nothing is guarded, and that is no reason to stop working.
  shell.stdin.on('error', () => shell.stdin.destroy())
  const tell = (change: '+' | '-', pid: number) => {
    if (shell.stdin.writable) shell.stdin.write(`${change} ${pid}\n`)
  }
  return {
    guard: (pid) => tell('+', pid),
    release: (pid) => tell('-', pid),
    dismiss: () => void shell.stdin.end(),
  }
}
