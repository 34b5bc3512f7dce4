/**
 * A JSON Patch on the view of a room, as an edit: tried on JSON first, merged with what others did since it was made,
 * then written as one entry that passes the guard like any other.
 */
import * as Y from 'yjs'
import type { RoomDefinition } from '../../../schema/define-room.ts'
import { RoomlogError } from '../../../schema/error-codes.ts'
import type { JsonPatch } from '../../../schema/json-patch.ts'
import { type Conflict, type Strategy, VersionConflict } from '../../../schema/merge-record.ts'
import type { RoomName, Seq } from '../../../schema/room-name.ts'
import { readStorage } from '../../../schema/storage.ts'
import type { Access } from '../../auth/identity.ts'
import { sleep } from '../../clock.ts'
import { foldInto } from '../../log/fold.ts'
import { ServerDocument } from '../../log/server-document.ts'
import type { Change, ChangeContext } from '../behaviour/change.ts'
import { type CommittedParts, withCommitted } from '../committed.ts'
import { documentToJson } from '../document-json.ts'
import type { Position } from '../edit.ts'
import type { RoomTable } from '../room-table.ts'
import { patchDocument } from './document-patch.ts'
import { lastChanges } from './last-changes.ts'
import { planEdits } from './view-edits.ts'
import { patchView } from './view-patch.ts'
import { writeEdits } from './write-edits.ts'

export interface PatchRequest {
  readonly by: Access
  readonly patch: JsonPatch
  /** The seq of the view that the patch was made for, and is read against; null: the view as it is. */
  readonly base: Seq | null
  /** What becomes of places that were changed since `base`. */
  readonly strategy: Strategy
}

export interface Patched extends Position {
  /** False: the room is already as the patch wants it. */
  readonly changed: boolean
  /** The paths of new entries, as in `items/i1`, by storage key and then in the order of the list. */
  readonly inserted: readonly string[]
}

export interface PatchParts extends CommittedParts {
  readonly change: Change
  readonly entries: RoomTable['entries']
}

/**
 * Resolves once the patch is committed, as a whole.
 *
 * @throws VersionConflict with each place that cannot be merged; RoomlogError 'patch-failed', 'value-invalid', 'seq-ahead'
 *   and whatever the guard says: nothing is changed then
 */
export const patchRoom = async (
  parts: PatchParts,
  name: RoomName,
  request: PatchRequest
): Promise<Patched> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await patchOnce(parts, name, request)
    } catch (error) {
      // Another node was there first: what it wrote is known now, and makes a conflict or none.
      const wasLate = error instanceof RoomlogError && isLate(error)
      if (!wasLate || attempt === attemptsMax) throw error
      await sleep(attempt * retryMs)
    }
  }
}

const attemptsMax = 8
/** Until those who were in the room have left it, for it to be read anew. */
const retryMs = 50

const isLate = (error: RoomlogError): boolean =>
  error.reason === 'resync' || (error.reason === 'version-conflict' && !(error instanceof VersionConflict))

const patchOnce = async (parts: PatchParts, name: RoomName, request: PatchRequest): Promise<Patched> => {
  const { by, base, patch } = request
  const taken =
    base === null ? null : await withCommitted(parts, name, base, ({ document }) => toJson(by, document))
  try {
    const { strategy } = request
    const run = (context: ChangeContext): readonly string[] =>
      applyPatch(by.definition, context, { patch, taken, strategy })
    const { seq, epoch, changed, result } = await parts.change(name, {
      by,
      run,
      mustFollow: base !== null && strategy === 'ask'
    })
    return { seq, epoch, changed, inserted: result }
  } catch (error) {
    if (!(error instanceof VersionConflict) || base === null) throw error
    throw new VersionConflict(await withAuthors(parts, name, base, error.conflicts))
  }
}

const toJson = ({ definition }: Access, document: Y.Doc): unknown =>
  describing(definition) === null ? documentToJson(document) : readStorage(definition, document)

/** null: the kind describes nothing, the document is free. */
const describing = (definition: RoomDefinition): RoomDefinition | null =>
  Object.keys(definition.storage).length === 0 ? null : definition

export interface PatchInput {
  readonly patch: JsonPatch
  /** The view that the patch was made for; null: the view as it is. */
  readonly taken: unknown
  readonly strategy: Strategy
}

/**
 * Writes what the patch says to a copy of the document.
 *
 * @returns the paths of new entries
 * @throws as `patchRoom`; then the copy is to be dropped
 */
export const applyPatch = (
  kind: RoomDefinition,
  { document, storage, snapshot }: Pick<ChangeContext, 'document' | 'storage' | 'snapshot'>,
  { patch, taken, strategy }: PatchInput
): readonly string[] => {
  const definition = describing(kind)
  const theirs = definition === null ? documentToJson(document) : snapshot
  const base = taken ?? theirs
  const mine = patchView(definition, base, patch)
  if (definition === null) {
    refuseIfAny(patchDocument(document, patch, { base, theirs, mine: mine.view }, strategy))
    return []
  }
  const { edits, conflicts } = planEdits(definition, { base, theirs, mine }, strategy)
  refuseIfAny(conflicts)
  return document.transact(() => writeEdits(definition.storage, storage, edits))
}

const refuseIfAny = (conflicts: readonly Conflict[]): void => {
  if (conflicts.length > 0) throw new VersionConflict(conflicts)
}

/** Beyond so many entries it would take long to find out who it was. */
const entriesMax = 1_000

const withAuthors = async (
  parts: PatchParts,
  name: RoomName,
  base: Seq,
  conflicts: readonly Conflict[]
): Promise<readonly Conflict[]> => {
  const entries = await parts.entries(name, base, entriesMax + 1)
  if (entries.length > entriesMax) return conflicts
  const paths = conflicts.map(({ path }) => path)
  const known = await withCommitted(parts, name, base, ({ document }) => {
    const copy = new ServerDocument('copy')
    try {
      foldInto(copy, Y.encodeStateAsUpdate(document), [], null)
      return lastChanges(copy, entries, paths)
    } finally {
      copy.destroy()
    }
  })
  return conflicts.map((conflict) => ({ ...conflict, ...known.get(conflict.path) }))
}
