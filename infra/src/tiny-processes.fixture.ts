import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Surroundings } from './curfew-processes.js'
import type { ProcessName } from './ports.js'
import type { ProcessSpec } from './process-spec.js'
import { answers } from './readiness.js'

/** Instead of Curfew's processes: as many tiny ones, each `name` or `name:behaviour`. */
export const tinyProcesses =
  (wanted: readonly string[], stateDir: string) =>
  ({ ports }: Pick<Surroundings, 'ports'>): ProcessSpec[] =>
    wanted.map((text, index) => {
      const [name = '', behaviour] = text.split(':')
      const port = ports[PLACES[index] ?? 'redis']
      return {
        name,
        port,
        address: `http://localhost:${port}`,
        command: process.execPath,
        args: [fileURLToPath(new URL('tiny-service.fixture.js', import.meta.url))],
        env: { PORT: String(port), NAME: name, BEHAVIOUR: behaviour, DIARY: join(stateDir, 'diary') },
        isReady: answers(`http://localhost:${port}/readyz`),
      }
    })

const PLACES: readonly ProcessName[] = ['gateway', 'identity', 'events']
