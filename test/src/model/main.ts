/**
 * `npm run model -- [name…]`: explores the reducers that ship, exhaustively, and prints a table. `--trace` tells the
 * shortest way to what breaks a promise; `--liveness` also
 * looks whether a good end is always within reach; `--most N` gives up after so many states. `--ways N --seed N` takes so
 * many ways at random through larger systems instead.
 */
import { parseArgs } from 'node:util'
import { orEndWithSentence } from '@curfew/infra/command-line'
import { CONFIGURATIONS, type Configuration, LARGE } from './configurations.js'
import { explore } from './explore.js'
import { MUTANTS } from './mutants.js'
import { type Rules, SHIPPED } from './rules.js'
import { walk } from './walk.js'
import { createWorlds } from './world.js'

const { values, positionals } = await orEndWithSentence(TypeError, readOptions)
const isWanted = (name: string) => positionals.length === 0 || positionals.some((part) => name.includes(part))

if (values.ways === undefined) exploreAll()
else walkThrough(Number(values.ways), Number(values.seed))

function exploreAll(): void {
  console.log('| configuration | result | states | steps | seconds |\n| --- | --- | --- | --- | --- |')
  for (const [name, configuration] of Object.entries(CONFIGURATIONS)) {
    if (isWanted(name)) show(name, configuration, SHIPPED)
  }
  for (const { name, configuration, rules } of MUTANTS) {
    if (isWanted(name)) show(`mutant: ${name}`, configuration, rules)
  }
}

function walkThrough(ways: number, seed: number): void {
  console.log('| system | result | steps |\n| --- | --- | --- |')
  for (const [name, configuration] of Object.entries(LARGE)) {
    if (!isWanted(name)) continue
    const { violation, trace, steps, reached } = walk(createWorlds(configuration, SHIPPED), { ways, seed })
    console.log(`| ${name} | ${violation ?? 'nothing is broken'} | ${figure(steps)} |`)
    if (values.reached)
      for (const [feature, count] of reached) console.log(`    ${feature}: ${figure(count)} ways`)
    if (values.trace) for (const step of trace) console.log(`    ${step}`)
  }
}

function show(name: string, configuration: Configuration, rules: Rules): void {
  const before = process.cpuUsage()
  const worlds = createWorlds(configuration, rules)
  const limits = { mostStates: Number(values.most), liveness: values.liveness }
  const { states, steps, violation, trace, isComplete, reached } = explore(worlds, limits)
  const seconds = (process.cpuUsage(before).user / 1e6).toFixed(1)
  const broken = `${violation}, after ${trace.length} steps`
  const result = violation === null ? (isComplete ? 'SAFE' : 'not finished') : broken
  console.log(`| ${name} | ${result} | ${figure(states)} | ${figure(steps)} | ${seconds} |`)
  if (values.reached)
    for (const [feature, worlds] of reached) console.log(`    ${feature}: ${figure(worlds)}`)
  if (values.trace) for (const step of trace) console.log(`    ${step}`)
}

function figure(count: number): string {
  return count.toLocaleString('en')
}

/** @throws {TypeError} with a sentence */
function readOptions() {
  const options = parseArgs({
    allowPositionals: true,
    options: {
      trace: { type: 'boolean', default: false },
      liveness: { type: 'boolean', default: false },
      reached: { type: 'boolean', default: false },
      most: { type: 'string', default: '3000000' },
      ways: { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  })
  const { most, ways = '1', seed } = options.values
  for (const [name, value] of Object.entries({ most, ways, seed })) {
    if (!/^[1-9]\d*$/.test(value)) throw new TypeError(`--${name} must be a whole number above zero`)
  }
  const explored = [...Object.keys(CONFIGURATIONS), ...MUTANTS.map(({ name }) => name)]
  const names = options.values.ways === undefined ? explored : Object.keys(LARGE)
  const unknown = options.positionals.filter((part) => !names.some((name) => name.includes(part)))
  if (unknown.length > 0)
    throw new TypeError(`no configuration is called ${unknown.join(', ')}, only:\n${names.join('\n')}`)
  return options
}
