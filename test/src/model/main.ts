import { CONFIGURATIONS } from './configurations.js'
import { explore } from './explore.js'
import { SHIPPED } from './rules.js'
import { createWorlds } from './world.js'
for (const [name, c] of Object.entries(CONFIGURATIONS)) {
  if (process.argv[2] && !name.includes(process.argv[2])) continue
  const t = performance.now()
  const o = explore(createWorlds(c, SHIPPED))
  console.log(name, o.states, o.violation ?? 'SAFE', Math.round(performance.now() - t), 'ms', Math.round(process.memoryUsage().rss/1e6),'MB')
  for (const l of o.trace) console.log('   ', l)
}
