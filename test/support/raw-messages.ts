/** The messages of the Hocuspocus protocol, written and read with lib0 as its providers do: not with our own code. */
import { createDecoder, readVarString, readVarUint, readVarUint8Array } from 'lib0/decoding'
import {
  createEncoder,
  type Encoder,
  toUint8Array,
  writeVarString,
  writeVarUint,
  writeVarUint8Array
} from 'lib0/encoding'
import { decodeServerMessage, type ServerMessage } from '../../schema/messages.ts'

const type = {
  sync: 0,
  awareness: 1,
  auth: 2,
  queryAwareness: 3,
  stateless: 5,
  close: 7,
  syncStatus: 8,
  ping: 9
} as const

const encoded = (write: (encoder: Encoder) => void): Uint8Array => {
  const encoder = createEncoder()
  write(encoder)
  return toUint8Array(encoder)
}

const addressed = (address: string, write: (encoder: Encoder) => void): Uint8Array =>
  encoded((encoder) => {
    writeVarString(encoder, address)
    write(encoder)
  })

export const authMessage = (address: string, token: string, version: string | null = '4.8.0'): Uint8Array =>
  addressed(address, (encoder) => {
    writeVarUint(encoder, type.auth)
    writeVarUint(encoder, 0)
    writeVarString(encoder, token)
    if (version !== null) writeVarString(encoder, version)
  })

/** @param step 0: state vector, 1: what the other lacks, 2: an update */
export const syncMessage = (address: string, step: number, payload: Uint8Array): Uint8Array =>
  addressed(address, (encoder) => {
    writeVarUint(encoder, type.sync)
    writeVarUint(encoder, step)
    writeVarUint8Array(encoder, payload)
  })

export interface AwarenessEntry {
  readonly id: number
  readonly clock: number
  /** Any JSON value; null leaves. */
  readonly state: unknown
}

export const awarenessPayload = (entries: readonly AwarenessEntry[]): Uint8Array =>
  encoded((encoder) => {
    writeVarUint(encoder, entries.length)
    for (const { id, clock, state } of entries) {
      writeVarUint(encoder, id)
      writeVarUint(encoder, clock)
      writeVarString(encoder, JSON.stringify(state))
    }
  })

/** The payload of one state, which may be any text. */
export const oneState = (text: string): Uint8Array =>
  encoded((encoder) => {
    for (const number of [1, 1, 1]) writeVarUint(encoder, number)
    writeVarString(encoder, text)
  })

export const awarenessMessage = (
  address: string,
  payload: Uint8Array | readonly AwarenessEntry[]
): Uint8Array =>
  addressed(address, (encoder) => {
    writeVarUint(encoder, type.awareness)
    writeVarUint8Array(encoder, payload instanceof Uint8Array ? payload : awarenessPayload(payload))
  })

export const queryAwarenessMessage = (address: string): Uint8Array =>
  addressed(address, (encoder) => writeVarUint(encoder, type.queryAwareness))

export const statelessMessage = (address: string, text: string): Uint8Array =>
  addressed(address, (encoder) => {
    writeVarUint(encoder, type.stateless)
    writeVarString(encoder, text)
  })

export const closeMessage = (address: string): Uint8Array =>
  addressed(address, (encoder) => {
    writeVarUint(encoder, type.close)
    writeVarUint(encoder, 0)
  })

/** A message of a type that nobody knows. */
export const strangeMessage = (address: string, number: number): Uint8Array =>
  addressed(address, (encoder) => writeVarUint(encoder, number))

/** What the server says, by its name. */
export type Heard =
  | { readonly kind: 'ping' }
  | { readonly kind: 'authenticated'; readonly address: string; readonly scope: string }
  | { readonly kind: 'denied'; readonly address: string; readonly reason: string }
  | { readonly kind: 'step1' | 'step2' | 'update'; readonly address: string; readonly payload: Uint8Array }
  | { readonly kind: 'status'; readonly address: string; readonly isSaved: boolean }
  | { readonly kind: 'awareness'; readonly address: string; readonly entries: readonly AwarenessEntry[] }
  | { readonly kind: 'message'; readonly address: string; readonly message: ServerMessage }
  | { readonly kind: 'close'; readonly address: string; readonly reason: string }

const steps = ['step1', 'step2', 'update'] as const

/** @throws Error for what no server should send */
export const readMessage = (bytes: Uint8Array): Heard => {
  if (bytes.length === 1 && bytes[0] === type.ping) return { kind: 'ping' }
  const decoder = createDecoder(bytes)
  const address = readVarString(decoder)
  const number = readVarUint(decoder)
  switch (number) {
    case type.sync: {
      const kind = steps[readVarUint(decoder)]
      if (kind === undefined) throw new Error('an unknown sync message')
      return { kind, address, payload: readVarUint8Array(decoder) }
    }
    case type.awareness:
      return { kind: 'awareness', address, entries: readAwareness(readVarUint8Array(decoder)) }
    case type.auth: {
      const isDenied = readVarUint(decoder) === 1
      const text = readVarString(decoder)
      return isDenied
        ? { kind: 'denied', address, reason: text }
        : { kind: 'authenticated', address, scope: text }
    }
    case type.stateless: {
      const message = decodeServerMessage(readVarString(decoder))
      if (message === null) throw new Error('a stateless message that clients do not know')
      return { kind: 'message', address, message }
    }
    case type.close:
      return { kind: 'close', address, reason: readVarString(decoder) }
    case type.syncStatus:
      return { kind: 'status', address, isSaved: readVarUint(decoder) === 1 }
    default:
      throw new Error(`message type ${number}`)
  }
}

export const readAwareness = (payload: Uint8Array): AwarenessEntry[] => {
  const decoder = createDecoder(payload)
  return Array.from({ length: readVarUint(decoder) }, () => ({
    id: readVarUint(decoder),
    clock: readVarUint(decoder),
    state: JSON.parse(readVarString(decoder))
  }))
}
