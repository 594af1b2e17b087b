export function bold(text: string): string
export function dim(text: string): string
export function red(text: string): string
export function green(text: string): string
export function step(name: string, detail: string, tookMs?: number): void
export function begin(sentence: string): void
export function warn(sentence: string): void
export function complain(error: unknown): void
