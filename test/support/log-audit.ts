import * as Y from 'yjs'
import type { StoredEntry } from './log-world.ts'

/** What a log says, for those who know what was written. */
export interface Audit {
  readonly document: Y.Doc
  /** How far each client came: the next clock. */
  clockOf(client: number): number
  /** How many entries have something that an earlier one has. */
  readonly repeats: number
}

export interface AuditOptions {
  /** Where several nodes write: what a client brings to another node may still be under way from its last one. */
  readonly mayRepeat?: boolean
}

/** What somebody wrote is in the log twice, or something is missing from it. */
export class AuditError extends Error {
  override readonly name = 'AuditError'
}

/**
 * Folds the rows of a room.
 *
 * @throws AuditError for seqs with a gap, an entry that repeats what an earlier one has, or content that is missing
 */
export const auditLog = (
  rows: readonly Pick<StoredEntry, 'seq' | 'update'>[],
  { mayRepeat = false }: AuditOptions = {}
): Audit => {
  const document = new Y.Doc()
  const clocks = new Map<number, number>()
  const repeating = new Set<number>()
  for (const [index, { seq, update }] of rows.entries()) {
    if (seq !== index + 1) throw new AuditError(`seq ${seq} stands where ${index + 1} should`)
    for (const { id, length } of Y.decodeUpdate(update).structs) {
      const clock = clocks.get(id.client) ?? 0
      if (id.clock < clock && !mayRepeat)
        throw new AuditError(`entry ${seq} repeats ${id.client}:${id.clock}`)
      if (id.clock < clock) repeating.add(seq)
      if (id.clock > clock) throw new AuditError(`entry ${seq} has ${id.client}:${id.clock}, not ${clock}`)
      clocks.set(id.client, Math.max(clock, id.clock + length))
    }
    Y.applyUpdate(document, update)
  }
  if (document.store.pendingStructs !== null || document.store.pendingDs !== null)
    throw new AuditError('the log builds on content that it does not have')
  return { document, clockOf: (client) => clocks.get(client) ?? 0, repeats: repeating.size }
}
