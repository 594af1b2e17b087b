import { fileURLToPath } from 'node:url'

/** The folder of the repository. Seen from `test/dist`. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
