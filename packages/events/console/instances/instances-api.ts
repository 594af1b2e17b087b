import type { Instances } from '@curfew/contract'
import { ask } from '../ask.js'

export const listInstances = () => ask<Instances>('/auth/admin/instances')
