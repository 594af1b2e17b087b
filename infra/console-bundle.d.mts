/** Vite's own program, and what to tell it to bundle the console. */
export const VITE: readonly string[]

/** Bundles the console unless nothing that it is made from has changed. `trouble` is empty when all is well. */
export function bundleConsole(): Promise<{ readonly isNew: boolean; readonly trouble: string }>
