/**
 * The two protocols by hand. A message is: the room's name (Hocuspocus only), a type, and what belongs to it.
 *
 * | type | means |
 * |------|-------|
 * | 0, 4 | sync: step 0 asks with a state vector, 1 answers with what is missing, 2 is an update |
 * | 1    | awareness: who is there |
 * | 2    | authentication: 0 token, 1 denied, 2 given (Hocuspocus); denied (y-websocket) |
 * | 7    | the room is closed (Hocuspocus) |
 * | 8    | acknowledged, or not (Hocuspocus) |
 */
import * as encoding from 'lib0/encoding'

export type Protocol = 'hocuspocus' | 'y-websocket'

export const types = { sync: 0, awareness: 1, auth: 2, syncReply: 4, close: 7, status: 8 } as const
export const steps = { ask: 0, answer: 1, update: 2 } as const

const emptyStateVector: Uint8Array = Uint8Array.of(0)
const emptyUpdate: Uint8Array = Uint8Array.of(0, 0)
const providerVersion = '4.8.0'

/** What every message of this room begins with. */
export const prefixOf = (protocol: Protocol, room: string): Uint8Array =>
  encoding.encode((encoder) => {
    if (protocol === 'hocuspocus') encoding.writeVarString(encoder, room)
  })

const message = (prefix: Uint8Array, write: (encoder: encoding.Encoder) => void): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeUint8Array(encoder, prefix)
    write(encoder)
  })

const sync = (prefix: Uint8Array, step: number, payload: Uint8Array): Uint8Array =>
  message(prefix, (encoder) => {
    encoding.writeVarUint(encoder, types.sync)
    encoding.writeVarUint(encoder, step)
    encoding.writeVarUint8Array(encoder, payload)
  })

/** Without a token: where no authentication is configured that makes an anonymous guest. */
export const authMessage = (prefix: Uint8Array, token = ''): Uint8Array =>
  message(prefix, (encoder) => {
    encoding.writeVarUint(encoder, types.auth)
    encoding.writeVarUint(encoder, 0)
    encoding.writeVarString(encoder, token)
    encoding.writeVarString(encoder, providerVersion)
  })

/** "This is what I have": the server answers with what lacks; without a state vector with the whole document. */
export const askMessage = (prefix: Uint8Array, stateVector = emptyStateVector): Uint8Array =>
  sync(prefix, steps.ask, stateVector)

/** "This is what you lack of mine": nothing, unless it is said. */
export const answerMessage = (prefix: Uint8Array, update = emptyUpdate): Uint8Array =>
  sync(prefix, steps.answer, update)

export const updateMessage = (prefix: Uint8Array, update: Uint8Array): Uint8Array =>
  sync(prefix, steps.update, update)

/** The state of one client, as JSON. */
export const awarenessMessage = (
  prefix: Uint8Array,
  { client, clock, state }: { readonly client: number; readonly clock: number; readonly state: string }
): Uint8Array =>
  message(prefix, (encoder) => {
    encoding.writeVarUint(encoder, types.awareness)
    encoding.writeVarUint8Array(
      encoder,
      encoding.encode((inner) => {
        encoding.writeVarUint(inner, 1)
        encoding.writeVarUint(inner, client)
        encoding.writeVarUint(inner, clock)
        encoding.writeVarString(inner, state)
      })
    )
  })
