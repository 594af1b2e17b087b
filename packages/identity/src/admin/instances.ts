import {
  boundMs,
  type Instances,
  type Keys,
  type ListedInstance,
  type Member,
  nonceCandidate,
  parseMember,
} from '@curfew/contract'
import { evaluate } from '@curfew/guard/evaluate'
import type { Redis } from 'ioredis'
import type { Bell } from '../sign-off/bell.js'
import type { Acknowledgement } from '../sign-off/confirmation.js'
import { parseWitnessReply, type WitnessReply } from '../sign-off/replies.js'
import { WITNESS_HISTORY } from '../sign-off/scripts.js'

export interface InstancesOptions {
  readonly redis: Redis
  readonly keys: Keys
  readonly bell: Pick<Bell, 'newest'>
  /** Of this identity's own lease: the longest in the table decides. */
  readonly boundMs: number
}

/** Who may answer from memory, and how far they have come: for people to look at. */
export async function listInstances({
  redis,
  keys,
  bell,
  boundMs: own,
}: InstancesOptions): Promise<Instances> {
  const reply = await evaluate(
    redis,
    WITNESS_HISTORY,
    [keys.history, keys.sequence, keys.members],
    [nonceCandidate()],
  )
  const witness = parseWitnessReply(reply)
  const members = witness.rows.flatMap(([instance, row]) => parseMember(instance, row) ?? [])
  return {
    history: witness.history,
    head: witness.head,
    boundMs: Math.max(own, ...members.map(({ leaseMs }) => boundMs(leaseMs))),
    instances: members
      .map((member) => describe(hearing(member, bell.newest.get(member.id)), witness))
      .sort((a, b) => a.service.localeCompare(b.service) || a.id.localeCompare(b.id)),
  }
}

/** A row learns of it by the next hello only. */
function hearing(member: Member, heard: Acknowledgement | undefined): Member {
  if (heard?.history !== member.history) return member
  return { ...member, acknowledged: Math.max(member.acknowledged, heard.sequence) }
}

function describe(member: Member, { history, head, redisNow }: WitnessReply): ListedInstance {
  const { id, service, version = null, acknowledged, leaseMs, renewedAt } = member
  const leaseLeftMs = Math.max(0, renewedAt + leaseMs - redisNow)
  const isOurs = member.history === history
  const state = !isOurs ? 'other-history' : leaseLeftMs > 0 ? 'following' : 'lapsed'
  const lag = isOurs ? Math.max(0, head - acknowledged) : null
  return { id, service, version, state, acknowledged, lag, leaseLeftMs, leaseMs }
}
