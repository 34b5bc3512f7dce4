/** What must hold at every moment, whatever fails: what was acknowledged or shown is in Postgres. */
import * as Y from 'yjs'
import { type Audit, AuditError, auditLog } from '../support/log-audit.ts'
import type { Client } from './client.ts'
import { partsOf } from './random-edit.ts'
import type { Story } from './story.ts'
import type { Violation } from './violation.ts'
import type { World } from './world.ts'

/** What a client was told, or shown, up to a moment. */
interface Claim {
  readonly client: Client
  readonly acknowledged: number
  readonly acknowledgedClock: number
  readonly flushedSeq: number
  /** How far it has seen the others. */
  readonly shown: ReadonlyMap<number, number>
}

/**
 * Compares what has been said up to now with what Postgres has after that. Promises are taken down before Postgres is
 * asked: what is committed a moment later than it was promised is found by a fault that comes in between.
 */
export const checkPromises = async ({ clients, rooms, world }: Story): Promise<Violation[]> => {
  const claims = clients.map(claimOf)
  const violations: Violation[] = []
  for (const room of rooms) {
    const log = await readAudited(world, room)
    if ('found' in log) violations.push(log)
    else {
      for (const claim of claims.filter(({ client }) => client.room === room)) {
        violations.push(...brokenPromises(claim, log, clients))
      }
    }
  }
  return violations
}

/** The log of a room, if it is one: seqs without gaps, each update complete, and from one node none twice. */
export const readAudited = async (world: World, room: string): Promise<LogOf | Violation> => {
  const rows = await world.readLog(room)
  try {
    return { audit: auditLog(rows, { mayRepeat: world.nodes.length > 1 }), head: rows.length }
  } catch (error) {
    if (!(error instanceof AuditError)) throw error
    return { check: 'the log is without gaps and repetitions', room, found: error.message }
  }
}

export interface LogOf {
  readonly audit: Audit
  readonly head: number
}

const claimOf = (client: Client): Claim => {
  const { acknowledged, acknowledgedClock, flushedSeq } = client.ledger
  const shown = Y.decodeStateVector(Y.encodeStateVector(client.document))
  shown.delete(client.id)
  return { client, acknowledged, acknowledgedClock, flushedSeq, shown }
}

function* brokenPromises(
  { client, acknowledged, acknowledgedClock, flushedSeq, shown }: Claim,
  { audit, head }: LogOf,
  clients: readonly Client[]
): Iterable<Violation> {
  const { room, name, id, ledger } = client
  if (audit.clockOf(id) < acknowledgedClock) {
    const found = `${name} was told that ${acknowledged} edits are saved, up to clock ${acknowledgedClock}; the log ends at ${audit.clockOf(id)} of it, seq ${head}`
    yield { check: 'what is acknowledged is in the log', room, found }
  }
  if (head < flushedSeq)
    yield {
      check: 'what is acknowledged is in the log',
      room,
      found: `${name} was told of seq ${flushedSeq}; the log ends at ${head}`
    }
  for (const [other, clock] of shown) {
    if (audit.clockOf(other) >= clock) continue
    const found = `${name} was shown ${other} up to clock ${clock}; the log has it up to ${audit.clockOf(other)}, seq ${head}`
    yield { check: 'nobody is shown what is not in the log', room, found }
  }
  const { marks } = partsOf(audit.document)
  const struck = new Set(clients.flatMap((one) => one.ledger.edits.map((edit) => edit.struck)))
  for (const edit of ledger.edits.slice(0, acknowledged)) {
    if (!marks.has(edit.marker) && !struck.has(edit.marker))
      yield {
        check: 'what is acknowledged is in the log',
        room,
        found: `${edit.marker} is not there, seq ${head}`
      }
    if (edit.struck !== null && marks.has(edit.struck))
      yield {
        check: 'what is acknowledged is in the log',
        room,
        found: `${edit.struck} is there, which ${edit.marker} took out, seq ${head}`
      }
  }
}

/** Nobody here does what may be refused, and no node has a reason to complain. */
export const checkHonest = ({ clients, world }: Story): Violation[] => [
  ...clients.flatMap(({ room, name, wrongs }) =>
    wrongs.splice(0).map((wrong) => ({ check: 'nobody honest is refused', room, found: `${name} ${wrong}` }))
  ),
  ...world.nodes.flatMap((node, index) =>
    node
      .takeComplaints()
      .map((line) => ({ check: 'no node complains', room: 'all', found: `node ${index}: ${line}` }))
  )
]
