/**
 * The update without what the document has: Yjs would look up what a repeated struct claims, make roots of the names
 * that it reads, and cut an emoji in two where a repetition begins within it.
 */
import { createEncoder, type Encoder, toUint8Array, writeUint8Array, writeVarUint } from 'lib0/encoding'
import * as Y from 'yjs'
import type { Deletion, Range } from './deletes.ts'
import type { Reading } from './reading.ts'
import type { Sections } from './structs.ts'

/** What of the update is to be applied; null: nothing. */
export const newsOf = (update: Uint8Array, reading: Reading, deletion: Deletion): Uint8Array | null => {
  const hasDeletes = deletion.hasEffect || deletion.hasFresh
  if (reading.sections.list.length === 0 && !hasDeletes) return null
  const isAllDeletes = reading.deletes.length === 0 || (hasDeletes && deletion.dropped.length === 0)
  const { repeated } = reading
  if (repeated === null && isAllDeletes && !reading.areDeletesKnown) return update
  const encoder = createEncoder()
  if (repeated !== null && reading.hasCut) writeUint8Array(encoder, cutStructs(update, reading, repeated))
  else writeStructs(encoder, update, reading.sections)
  if (!hasDeletes) writeVarUint(encoder, 0)
  else if (deletion.dropped.length === 0) writeUint8Array(encoder, update.subarray(reading.deletesFrom))
  else writeDeletes(encoder, reading.deletes, deletion.dropped)
  return toUint8Array(encoder)
}

/** The fresh structs of a section stand side by side, the repeated ones before them. */
const writeStructs = (encoder: Encoder, update: Uint8Array, sections: Sections): void => {
  writeVarUint(encoder, sections.list.length)
  for (const section of sections.list) {
    writeVarUint(encoder, section.list.length)
    writeVarUint(encoder, section.client)
    writeVarUint(encoder, section.known)
    writeUint8Array(encoder, update.subarray(section.from, section.to))
  }
}

/** The structs, where the first of a section is to be cut. */
const cutStructs = (
  update: Uint8Array,
  { deletesFrom }: Reading,
  repeated: Map<number, number>
): Uint8Array => {
  const structs = Buffer.concat([update.subarray(0, deletesFrom), noDeletes])
  return Y.diffUpdate(structs, Y.encodeStateVector(repeated)).subarray(0, -1)
}

const noDeletes = Uint8Array.of(0)

const writeDeletes = (encoder: Encoder, deletes: readonly number[], dropped: readonly Range[]): void => {
  const kept = new Map<number, number[]>()
  let next = 0
  for (let at = 0; at < deletes.length; at += 3) {
    const client = deletes[at] ?? 0
    const ranges = kept.get(client) ?? []
    kept.set(client, ranges)
    let from = deletes[at + 1] ?? 0
    const end = from + (deletes[at + 2] ?? 0)
    // What is dropped was found range by range, so it stands in the same order.
    for (; isWithin(dropped[next], client, from, end); next++) {
      const [, gap = 0, length = 0] = dropped[next] ?? []
      if (gap > from) ranges.push(from, gap - from)
      from = gap + length
    }
    if (from < end) ranges.push(from, end - from)
  }
  const left = [...kept].filter(([, ranges]) => ranges.length > 0)
  writeVarUint(encoder, left.length)
  for (const [client, ranges] of left) {
    writeVarUint(encoder, client)
    writeVarUint(encoder, ranges.length / 2)
    for (const value of ranges) writeVarUint(encoder, value)
  }
}

const isWithin = (range: Range | undefined, client: number, from: number, end: number): boolean =>
  range !== undefined && range[0] === client && range[1] >= from && range[1] < end
