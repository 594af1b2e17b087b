import { CONFIGURATIONS } from './configurations.js'
import { explore } from './explore.js'
import { PROPOSED, SHIPPED } from './rules.js'
import { createWorlds } from './world.js'
for (const [name, c] of Object.entries(CONFIGURATIONS)) {
  if (process.argv[2] && !name.includes(process.argv[2])) continue
  const u = process.cpuUsage()
  const o = explore(createWorlds(c, process.argv[4] ? PROPOSED : SHIPPED), Number(process.argv[3] ?? 3e6))
  console.log(name, o.states, o.steps, o.violation ?? (o.isComplete ? 'SAFE':'CAP'), Math.round(process.cpuUsage(u).user/1e3), 'ms cpu', Math.round(process.memoryUsage().rss/1e6),'MB')
  for (const l of o.trace) console.log('   ', l)
}
