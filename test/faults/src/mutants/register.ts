import { register } from 'node:module'
import { MUTANTS } from './mutants.js'

/** For `node --import`: runs the process as the mutant that FAULTS_MUTANT names. */
const mutant = MUTANTS.find(({ name }) => name === process.env['FAULTS_MUTANT'])
if (mutant === undefined) throw new TypeError(`there is no mutant ${process.env['FAULTS_MUTANT']}`)

register('./mutate.js', import.meta.url, { data: mutant })
