import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Surroundings } from './curfew-processes.js'
import type { ProcessName } from './ports.js'
import type { ProcessSpec } from './process-spec.js'
import { answers } from './readiness.js'

/** Instead of Curfew's processes: tiny ones, each `name` or `name:behaviour`; `a b` start side by side. */
export const tinyProcesses =
  (wanted: readonly string[], stateDir: string) =>
  ({ ports }: Pick<Surroundings, 'ports'>): ProcessSpec[][] => {
    const all = wanted.flatMap((stage) => stage.split(' '))
    return wanted.map((stage) => stage.split(' ').map(tinyProcess))

    function tinyProcess(text: string): ProcessSpec {
      const [name = '', behaviour] = text.split(':')
      const port = ports[PLACES[all.indexOf(text)] ?? 'redis']
      return {
        name,
        port,
        address: `http://localhost:${port}`,
        command: process.execPath,
        args: [fileURLToPath(new URL('tiny-service.fixture.js', import.meta.url))],
        env: { PORT: String(port), NAME: name, BEHAVIOUR: behaviour, DIARY: join(stateDir, 'diary') },
        isReady: answers(`http://localhost:${port}/readyz`),
      }
    }
  }

const PLACES: readonly ProcessName[] = ['gateway', 'identity', 'events']
