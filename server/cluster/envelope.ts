/** How a message of one node to others begins: who sends it, and what it is about. */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { randomCode } from '../clock.ts'

declare const nodeIdBrand: unique symbol
/** One life of one node: another one after each start, and after each time that it was taken for dead. */
export type NodeId = string & { readonly [nodeIdBrand]: true }

export const newNodeId = (): NodeId => randomCode(nodeIdLength) as NodeId

export const isNodeId = (text: string): text is NodeId => /^[\w-]{8}$/.test(text)

const nodeIdLength = 8

export interface Envelope {
  readonly from: NodeId
  readonly topic: string
  readonly body: Uint8Array
}

export const seal = ({ from, topic, body }: Envelope): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeVarString(encoder, from)
    encoding.writeVarString(encoder, topic)
    encoding.writeUint8Array(encoder, body)
  })

/** null: these bytes are of somebody who speaks otherwise, perhaps of another version. */
export const unseal = (message: Uint8Array): Envelope | null => {
  try {
    const decoder = decoding.createDecoder(message)
    const from = decoding.readVarString(decoder)
    const topic = decoding.readVarString(decoder)
    if (!isNodeId(from)) return null
    return { from, topic, body: decoding.readTailAsUint8Array(decoder) }
  } catch {
    return null
  }
}
