/** What one node tells the others of a commit: the entries as they are, or, where they are large, only which. */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { type Epoch, type Seq, toEpoch, toSeq } from '../../schema/room-name.ts'

export interface FannedEntry {
  readonly author: string
  readonly isRelayed: boolean
  readonly update: Uint8Array
}

export interface FannedBatch {
  readonly epoch: Epoch
  /** Of the first entry; the others follow it. */
  readonly first: Seq
  readonly last: Seq
  /** Milliseconds since 1970. */
  readonly at: number
  /** null: they are to be read from the log. */
  readonly entries: readonly FannedEntry[] | null
}

export const batchTopic = 'batch'

/** More is a reference: Redis keeps a copy for each of its readers. */
const batchBytesMax = 64 * 1024

export const encodeBatch = ({ epoch, first, last, at, entries }: FannedBatch): Uint8Array => {
  const bytes = entries?.reduce((sum, { update }) => sum + update.length, 0) ?? 0
  return encoding.encode((encoder) => {
    for (const number of [epoch, first, last, at]) encoding.writeVarUint(encoder, number)
    const isWhole = entries !== null && bytes <= batchBytesMax
    encoding.writeUint8(encoder, isWhole ? 1 : 0)
    if (!isWhole) return
    for (const { author, isRelayed, update } of entries) {
      encoding.writeVarString(encoder, author)
      encoding.writeUint8(encoder, isRelayed ? 1 : 0)
      encoding.writeVarUint8Array(encoder, update)
    }
  })
}

/** null: these bytes are no batch. */
export const decodeBatch = (bytes: Uint8Array): FannedBatch | null => {
  try {
    const decoder = decoding.createDecoder(bytes)
    const read = (): number => decoding.readVarUint(decoder)
    const [epoch, first, last, at] = [toEpoch(read()), toSeq(read()), toSeq(read()), read()]
    if (first < 1 || last < first) return null
    if (decoding.readUint8(decoder) === 0) return { epoch, first, last, at, entries: null }
    const entries: FannedEntry[] = []
    for (let seq = first as number; seq <= last; seq++) {
      const author = decoding.readVarString(decoder)
      const isRelayed = decoding.readUint8(decoder) === 1
      entries.push({ author, isRelayed, update: decoding.readVarUint8Array(decoder) })
    }
    return { epoch, first, last, at, entries }
  } catch {
    return null
  }
}
