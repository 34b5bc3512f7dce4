/** The thread that folds snapshots, so that a large document does not hold up the acknowledgements of the others. */
import { parentPort } from 'node:worker_threads'
import * as Y from 'yjs'
import { clientsIn } from '../room/update-reader.ts'
import { foldInto, isPending } from './fold.ts'
import { ServerDocument } from './server-document.ts'

export interface FoldRequest {
  readonly id: number
  readonly snapshot: Uint8Array | null
  /** All updates joined, and how long each is: two buffers are moved between threads, a thousand would be copied. */
  readonly joined: Uint8Array
  readonly lengths: Uint32Array
  /** Which updates say whose client ids are in them. */
  readonly isAuthored: readonly boolean[]
}

/** The first update that a client id is in, of those that say whose it is. */
export interface FirstUse {
  readonly client: number
  readonly update: number
}

export type FoldAnswer =
  | { readonly id: number; readonly state: Uint8Array<ArrayBuffer>; readonly uses: readonly FirstUse[] }
  | { readonly id: number; readonly error: string }

const fold = ({ id, snapshot, joined, lengths, isAuthored }: FoldRequest): FoldAnswer => {
  const document = new ServerDocument('snapshot')
  try {
    const updates = split(joined, lengths)
    foldInto(document, snapshot, updates, null)
    if (isPending(document)) return { id, error: 'an update builds on content that the log does not have' }
    return {
      id,
      state: Uint8Array.from(Y.encodeStateAsUpdate(document)),
      uses: firstUses(updates, isAuthored)
    }
  } catch (error) {
    return { id, error: String(error) }
  } finally {
    document.destroy()
  }
}

const firstUses = (updates: readonly Uint8Array[], isAuthored: readonly boolean[]): FirstUse[] => {
  const uses = new Map<number, FirstUse>()
  for (const [update, bytes] of updates.entries()) {
    if (!isAuthored[update]) continue
    for (const client of clientsIn(bytes)) if (!uses.has(client)) uses.set(client, { client, update })
  }
  return [...uses.values()]
}

const split = (joined: Uint8Array, lengths: Uint32Array): Uint8Array[] => {
  let from = 0
  return Array.from(lengths, (length) => {
    from += length
    return joined.subarray(from - length, from)
  })
}

parentPort?.on('message', (request: FoldRequest) => {
  const answer = fold(request)
  parentPort?.postMessage(answer, 'state' in answer ? [answer.state.buffer] : [])
})
